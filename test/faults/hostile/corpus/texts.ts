import type { FailureCode, InputTopic, RawDelivery } from '@latchkey/contracts';
import { HR } from '../../../support/events.ts';

/** What was meant to break us, and what it must become. */
export interface Hostile {
  readonly why: string;
  readonly topic: InputTopic;
  readonly delivery: RawDelivery;
  /** An event, or a dead letter with this code. */
  readonly becomes: 'event' | FailureCode;
}

export type Members = Readonly<Record<string, unknown>>;
export type Becomes = Hostile['becomes'];

/** Stands in every value that was sent, and must stand nowhere else. */
export const CANARY = 'c4nary';

export const VALUE_MAX_BYTES = 256 * 1024;

const JOINED = {
  startsAt: '2026-01-01T00:00:00Z',
  attributes: { givenName: CANARY, department: `${CANARY}-1` },
};

/** A joiner, which may state anything, with other members; each one with an id and a person of its own. */
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

export function bare(value: string | Buffer): RawDelivery {
  return { key: null, value: Buffer.from(value), headers: [] };
}

export function binaryOf(text: string): RawDelivery {
  const { data, ...attributes } = JSON.parse(text) as Members;
  const headers = Object.entries(attributes).map(
    ([attribute, value]) => [`ce_${attribute}`, Buffer.from(String(value))] as const,
  );
  return { key: null, value: Buffer.from(JSON.stringify(data)), headers };
}

/** A text filled up with a part, as often as it fits into what is allowed. */
export function filled(
  before: string,
  part: string,
  after: string,
  bytes = VALUE_MAX_BYTES,
): string {
  const room = bytes - Buffer.byteLength(before) - Buffer.byteLength(after);
  return before + part.repeat(Math.max(Math.floor(room / Buffer.byteLength(part)), 0)) + after;
}

/** An event with one member more, whose text is given. */
export function withMember(name: string, member: string): string {
  return joinedText(name).replace(/\}\}$/, `,${member}}}`);
}

export function attributes(count: number): Members {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`undeclared${at}`, CANARY]));
}

export interface Collection {
  readonly all: readonly Hostile[];
  readonly add: (why: string, becomes: Becomes, delivery: RawDelivery, topic?: InputTopic) => void;
  /** Different each time, so that no id hides another. */
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
