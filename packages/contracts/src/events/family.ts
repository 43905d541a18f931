import { type InputTopic } from '../topics.ts';
import { type Event, type EventType } from './event.ts';

/**
 * Events of one family are about the same kind of thing: they are processed by one handler, and a transaction
 * processes events of one family only.
 *
 * - `record`: facts of the authoritative record, about an engagement or a person
 * - `verification`: reports about a verification
 */
export type Family = 'record' | 'verification';

const FAMILIES = {
  'latchkey.workforce.joined.v1': 'record',
  'latchkey.workforce.moved.v1': 'record',
  'latchkey.workforce.left.v1': 'record',
  'latchkey.workforce.suspended.v1': 'record',
  'latchkey.workforce.resumed.v1': 'record',
  'latchkey.workforce.rescinded.v1': 'record',
  'latchkey.workforce.stated.v1': 'record',
  'latchkey.person.blocked.v1': 'record',
  'latchkey.person.released.v1': 'record',
  'latchkey.verification.requested.v1': 'verification',
  'latchkey.verification.attempt-opened.v1': 'verification',
  'latchkey.verification.call-progressed.v1': 'verification',
  'latchkey.verification.input-checked.v1': 'verification',
  'latchkey.verification.verdict-reached.v1': 'verification',
  'latchkey.verification.cancelled.v1': 'verification',
} as const satisfies Record<EventType, Family>;

type TypeIn<F extends Family> = {
  [T in EventType]: (typeof FAMILIES)[T] extends F ? T : never;
}[EventType];

/** An event of one family. */
export type EventIn<F extends Family> = Extract<Event, { readonly type: TypeIn<F> }>;

/** A fact of the authoritative record. */
export type RecordEvent = EventIn<'record'>;

/** A report about a verification. */
export type VerificationEvent = EventIn<'verification'>;

const INPUTS = {
  record: 'workforce-events',
  verification: 'verification-events',
} as const satisfies Record<Family, InputTopic>;

const BY_INPUT = {
  'workforce-events': 'record',
  'verification-events': 'verification',
} as const satisfies Record<InputTopic, Family>;

/** Every family. */
export const ALL_FAMILIES = Object.keys(INPUTS) as readonly Family[];

/** The family of the events of a type. */
export function familyOf(type: EventType): Family {
  return FAMILIES[type];
}

/** The one family whose events an input topic carries. */
export function familyOfInput(input: InputTopic): Family {
  return BY_INPUT[input];
}

/** The topic on which events of a type arrive. */
export function topicOf(type: EventType): InputTopic {
  return INPUTS[familyOf(type)];
}

/** Whether an event is of this family. */
export function isOfFamily<F extends Family>(event: Event, family: F): event is EventIn<F> {
  return familyOf(event.type) === family;
}
