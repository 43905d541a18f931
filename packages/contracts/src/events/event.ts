import { type BlockedData, blocked, type ReleasedData, released } from './person.ts';
import {
  type AttemptOpenedData,
  attemptOpened,
  type CallProgressedData,
  callProgressed,
  cancelled,
  type InputCheckedData,
  inputChecked,
  type RequestedData,
  requested,
  type VerdictReachedData,
  type VerificationCancelledData,
  verdictReached,
} from './verification.ts';
import {
  type JoinedData,
  joined,
  type LeftData,
  left,
  type MovedData,
  moved,
  type RescindedData,
  type ResumedData,
  rescinded,
  resumed,
  type StatedData,
  type SuspendedData,
  stated,
  suspended,
} from './workforce.ts';

/** What an event of each type carries in `data`; members that the contract does not name are kept too. */
export interface EventDataByType {
  readonly 'latchkey.workforce.joined.v1': JoinedData;
  readonly 'latchkey.workforce.moved.v1': MovedData;
  readonly 'latchkey.workforce.left.v1': LeftData;
  readonly 'latchkey.workforce.suspended.v1': SuspendedData;
  readonly 'latchkey.workforce.resumed.v1': ResumedData;
  readonly 'latchkey.workforce.rescinded.v1': RescindedData;
  readonly 'latchkey.workforce.stated.v1': StatedData;
  readonly 'latchkey.person.blocked.v1': BlockedData;
  readonly 'latchkey.person.released.v1': ReleasedData;
  readonly 'latchkey.verification.requested.v1': RequestedData;
  readonly 'latchkey.verification.attempt-opened.v1': AttemptOpenedData;
  readonly 'latchkey.verification.call-progressed.v1': CallProgressedData;
  readonly 'latchkey.verification.input-checked.v1': InputCheckedData;
  readonly 'latchkey.verification.verdict-reached.v1': VerdictReachedData;
  readonly 'latchkey.verification.cancelled.v1': VerificationCancelledData;
}

export type EventType = keyof EventDataByType;

/** The contract of each type's `data`. */
export const EVENT_SCHEMAS = {
  'latchkey.workforce.joined.v1': joined,
  'latchkey.workforce.moved.v1': moved,
  'latchkey.workforce.left.v1': left,
  'latchkey.workforce.suspended.v1': suspended,
  'latchkey.workforce.resumed.v1': resumed,
  'latchkey.workforce.rescinded.v1': rescinded,
  'latchkey.workforce.stated.v1': stated,
  'latchkey.person.blocked.v1': blocked,
  'latchkey.person.released.v1': released,
  'latchkey.verification.requested.v1': requested,
  'latchkey.verification.attempt-opened.v1': attemptOpened,
  'latchkey.verification.call-progressed.v1': callProgressed,
  'latchkey.verification.input-checked.v1': inputChecked,
  'latchkey.verification.verdict-reached.v1': verdictReached,
  'latchkey.verification.cancelled.v1': cancelled,
} as const satisfies Record<EventType, unknown>;

/** An event that was read: its envelope and data are in order, its source may send it. */
export interface EventOf<T extends EventType> {
  /** The qualified event id, `<source>#<id>`. */
  readonly eventId: string;
  /** 32 bytes; equal for equal content, however it was serialised. */
  readonly fingerprint: Buffer;
  readonly source: string;
  readonly type: T;
  readonly subject: string;
  /** As it was sent. */
  readonly time: string;
  /** `time` in epoch milliseconds. */
  readonly timeMs: number;
  /** The source's own order: its revision, or `time` in epoch nanoseconds. */
  readonly order: bigint;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly data: EventDataByType[T];
}

export type Event = { [T in EventType]: EventOf<T> }[EventType];

/** Whether this version knows the type. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_SCHEMAS, type);
}
