import { type CallStatus, type EndReason, type ProgressFact } from './fact.ts';

/** What is known of a call's progress; JSON. It informs and never decides. */
export interface Telemetry {
  readonly status: CallStatus;
  /** When the first report of that status was taken. */
  readonly atMs: number;
  readonly answeredBy?: 'human' | 'machine';
  readonly endReason?: EndReason;
}

/** How an ended call without a verdict ends its attempt. */
export type EndedState = 'hung_up' | 'busy' | 'no_answer' | 'unreachable' | 'cancelled';

const STATUS_RANK: Readonly<Record<CallStatus, number>> = {
  queued: 0,
  ringing: 1,
  answered: 2,
  ended: 3,
};

/** Some platforms end every call with `completed`, also a busy one: what says more stands, in any order. */
const END_REASON_RANK: Readonly<Record<EndReason, number>> = {
  completed: 1,
  canceled: 2,
  failed: 3,
  no_answer: 4,
  busy: 5,
};

const ENDED_STATES: Readonly<Record<EndReason, EndedState>> = {
  completed: 'hung_up',
  busy: 'busy',
  no_answer: 'no_answer',
  failed: 'unreachable',
  canceled: 'cancelled',
};

/** Merged by rank: any order of the same reports gives the same telemetry. `undefined`: nothing new. */
export function mergeTelemetry(
  known: Telemetry | undefined,
  fact: ProgressFact,
): Telemetry | undefined {
  const answeredBy =
    known?.answeredBy === 'human' ? 'human' : (fact.answeredBy ?? known?.answeredBy);
  const endReason = strongerReason(known?.endReason, fact.endReason);
  const merged: Telemetry = {
    ...higherStatus(known, fact),
    ...(answeredBy === undefined ? {} : { answeredBy }),
    ...(endReason === undefined ? {} : { endReason }),
  };
  return known !== undefined && isSame(known, merged) ? undefined : merged;
}

/** Whether a report speaks of something that the call has already left behind. */
export function isOutOfOrder(known: Telemetry | undefined, fact: ProgressFact): boolean {
  return known !== undefined && STATUS_RANK[fact.status] < STATUS_RANK[known.status];
}

/** How the attempt ends that this call was for; `completed` is not success. */
export function endedStateOf(telemetry: Telemetry | undefined): EndedState {
  return ENDED_STATES[telemetry?.endReason ?? 'completed'];
}

function higherStatus(
  known: Telemetry | undefined,
  fact: ProgressFact,
): Pick<Telemetry, 'status' | 'atMs'> {
  const reported = { status: fact.status, atMs: fact.takenAtMs };
  if (known === undefined) return reported;
  const ahead = STATUS_RANK[fact.status] - STATUS_RANK[known.status];
  if (ahead > 0) return reported;
  if (ahead < 0) return { status: known.status, atMs: known.atMs };
  return { status: known.status, atMs: Math.min(known.atMs, fact.takenAtMs) };
}

function strongerReason(
  known: EndReason | undefined,
  reported: EndReason | undefined,
): EndReason | undefined {
  if (known === undefined || reported === undefined) return known ?? reported;
  return END_REASON_RANK[reported] > END_REASON_RANK[known] ? reported : known;
}

function isSame(one: Telemetry, other: Telemetry): boolean {
  return (
    one.status === other.status &&
    one.atMs === other.atMs &&
    one.answeredBy === other.answeredBy &&
    one.endReason === other.endReason
  );
}
