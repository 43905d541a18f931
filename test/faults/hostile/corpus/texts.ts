import type { FailureCode, InputTopic, RawDelivery } from '@latchkey/contracts';
import { HR } from '../../../support/events.ts';

/** A hostile delivery and its expected outcome. */
export interface Hostile {
  readonly why: string;
  readonly topic: InputTopic;
  readonly delivery: RawDelivery;
  /** An event, or a dead letter with this code. */
  readonly becomes: 'event' | FailureCode;
}

export type Members = Readonly<Record<string, unknown>>;
export type Becomes = Hostile['becomes'];

/** Is in every sent value, and must not appear in any output. */
export const CANARY = 'c4nary';

export const VALUE_MAX_BYTES = 256 * 1024;

const JOINED = {
  startsAt: '2026-01-01T00:00:00Z',
  attributes: { givenName: CANARY, department: `${CANARY}-1` },
};

/** A valid joiner with a unique id and person; `envelope` and `data` override members. */
export function joinedText(name: string, envelope: Members = {}, data: Members = {}): string {
  return JSON.stringify({
    specversion: '1.0',
    id: name,
    source: HR,
    type: 'latchkey.workforce.joined.v1',
    subject: `p-${name}`,
    time: '2026-01-01T00:00:00Z',
    sourceversion: '1',
    data: { engagement: `e-${name}`, ...JOINED, ...data },
    ...envelope,
  });
}

export function wrapValue(value: string | Buffer): RawDelivery {
  return { key: null, value: Buffer.from(value), headers: [] };
}

export function binaryOf(text: string): RawDelivery {
  const { data, ...attributes } = JSON.parse(text) as Members;
  const headers = Object.entries(attributes).map(
    ([attribute, value]) => [`ce_${attribute}`, Buffer.from(String(value))] as const,
  );
  return { key: null, value: Buffer.from(JSON.stringify(data)), headers };
}

/** Repeats `part` as often as the limit allows. */
export function fillText(
  before: string,
  part: string,
  after: string,
  bytes = VALUE_MAX_BYTES,
): string {
  const room = bytes - Buffer.byteLength(before) - Buffer.byteLength(after);
  return before + part.repeat(Math.max(Math.floor(room / Buffer.byteLength(part)), 0)) + after;
}

/** An event with one more member, given as JSON text. */
export function addMember(name: string, member: string): string {
  return joinedText(name).replace(/\}\}$/, `,${member}}}`);
}

export function createAttributes(count: number): Members {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`undeclared${at}`, CANARY]));
}

export interface Collection {
  readonly all: readonly Hostile[];
  readonly add: (why: string, becomes: Becomes, delivery: RawDelivery, topic?: InputTopic) => void;
  /** A unique name. */
  readonly nextName: () => string;
}

export function openCollection(prefix: string): Collection {
  const all: Hostile[] = [];
  let made = 0;
  return {
    all,
    add: (why, becomes, delivery, topic = 'workforce-events') => {
      all.push({ why, becomes, delivery, topic });
    },
    nextName: () => {
      made += 1;
      return `${prefix}${made}`;
    },
  };
}
