import { hash } from 'node:crypto';
import { canonicalJson } from './json/canonical.ts';

/** What makes two deliveries of one id the same event. */
export interface FingerprintInput {
  readonly type: string;
  readonly subject: string;
  readonly sourceversion: string | undefined;
  /** Epoch nanoseconds, where the source is ordered by them. */
  readonly timeNs: bigint | undefined;
  readonly data: unknown;
}

/**
 * SHA-256 of the canonical JSON (RFC 8785) of the content: not of bytes, so that a retry which serialised
 * the event again, or sent it in the other mode, is the same event.
 */
export function fingerprintOf(input: FingerprintInput): Buffer {
  const { type, subject, sourceversion, timeNs, data } = input;
  const content = { type, subject, sourceversion, time: timeNs?.toString(), data };
  // By way of text: bytes that the hash makes itself cost as much again as hashing does.
  return Buffer.from(hash('sha256', canonicalJson(content), 'hex'), 'hex');
}
