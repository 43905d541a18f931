import { randomUUID } from 'node:crypto';
import type { InputTopic } from '@latchkey/contracts';

/** A CloudEvent as a sender writes it. */
export interface SentEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly sourceversion?: string;
  readonly data: unknown;
  readonly [attribute: string]: unknown;
}

/** A record to send to an input topic. */
export interface SentRecord {
  readonly topic: InputTopic;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer | (string | Buffer)[]>>;
  /** By the key unless given. */
  readonly partition?: number;
}

type Data = Readonly<Record<string, unknown>>;
type Changes = Partial<SentEvent>;

export const HR = 'urn:example:hr';
export const CONTRACTORS = 'urn:example:contractors';
export const SECURITY = 'urn:example:security';
export const IVR = 'urn:example:ivr';

const DAY_MS = 86_400_000;

/** An instant so many days from now; negative: ago. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}

/** An instant so many seconds from now; negative: ago. */
export function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1_000).toISOString();
}

/** A fact of the personnel system about an engagement, `E-<person>` unless `data` names another. */
export function hrEvent(
  kind: string,
  person: string,
  revision: number,
  data: Data,
  changes: Changes = {},
): SentEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: HR,
    type: `latchkey.workforce.${kind}.v1`,
    subject: person,
    time: new Date().toISOString(),
    sourceversion: String(revision),
    data: { engagement: `E-${person}`, ...data },
    ...changes,
  };
}

/** The attributes of an employee of a department. */
export function employee(department: string, more: Data = {}): Data {
  return { givenName: 'Ada', department, employmentType: 'employee', ...more };
}

/** A report of the phone bridge about a verification. */
export function ivrEvent(
  kind: string,
  verification: string,
  data: Data = {},
  changes: Changes = {},
): SentEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: IVR,
    type: `latchkey.verification.${kind}.v1`,
    subject: verification,
    time: new Date().toISOString(),
    data: { verification, ...data },
    ...changes,
  };
}

/** Structured mode, on the topic of its type, keyed by its subject. */
export function structured(event: SentEvent): SentRecord {
  return {
    topic: topicOf(event),
    key: event.subject,
    value: JSON.stringify(event),
    headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
  };
}

/** Binary mode: the attributes as headers, the data as the value. */
export function binary(event: SentEvent): SentRecord {
  const { data, ...attributes } = event;
  const headers = Object.entries(attributes).map(
    ([name, value]) => [`ce_${name}`, String(value)] as const,
  );
  return {
    topic: topicOf(event),
    key: event.subject,
    value: JSON.stringify(data),
    headers: { ...Object.fromEntries(headers), 'content-type': 'application/json' },
  };
}

function topicOf(event: SentEvent): InputTopic {
  return event.type.startsWith('latchkey.verification.')
    ? 'verification-events'
    : 'workforce-events';
}

/** Every order of these. */
export function permutationsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((first, at) =>
    permutationsOf(items.toSpliced(at, 1)).map((rest) => [first, ...rest]),
  );
}
