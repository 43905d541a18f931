import { type CallStatus, type EndReason, type ProgressFact } from './fact.ts';

/** What is known of the progress of a call, or of one of its legs; JSON. It informs and never decides. */
export interface Telemetry {
  readonly status: CallStatus;
  /** When the first report of that status was stamped. */
  readonly atMs: number;
  /** Whether anything answered, also where later reports differ. */
  readonly isAnswered?: true;
  readonly answeredBy?: 'human' | 'machine';
  readonly endReason?: EndReason;
}

const STATUS_RANK: Readonly<Record<CallStatus, number>> = {
  queued: 0,
  ringing: 1,
  answered: 2,
  ended: 3,
};

/** Some platforms end every call with `completed`, also a busy one: a more specific reason is kept, in any order. */
const END_REASON_RANK: Readonly<Record<EndReason, number>> = {
  completed: 1,
  canceled: 2,
  failed: 3,
  no_answer: 4,
  busy: 5,
};

/** Merged by rank: any order of the same reports gives the same telemetry. `undefined`: nothing new. */
export function mergeTelemetry(
  known: Telemetry | undefined,
  fact: ProgressFact,
): Telemetry | undefined {
  const endReason = strongerReason(known?.endReason, fact.endReason);
  const merged: Telemetry = {
    ...higherStatus(known, fact),
    ...answerOf(known, fact),
    ...(endReason === undefined ? {} : { endReason }),
  };
  return known !== undefined && isSame(known, merged) ? undefined : merged;
}

/** Whether a report is about a status that the call has already passed. */
export function isOutOfOrder(known: Telemetry | undefined, fact: ProgressFact): boolean {
  return known !== undefined && STATUS_RANK[fact.status] < STATUS_RANK[known.status];
}

/** The one of higher rank. */
export function strongerReason(
  known: EndReason | undefined,
  reported: EndReason | undefined,
): EndReason | undefined {
  if (known === undefined || reported === undefined) return known ?? reported;
  return END_REASON_RANK[reported] > END_REASON_RANK[known] ? reported : known;
}

function answerOf(
  known: Telemetry | undefined,
  { status, answeredBy: reported }: ProgressFact,
): Pick<Telemetry, 'isAnswered' | 'answeredBy'> {
  const answeredBy = known?.answeredBy === 'human' ? 'human' : (reported ?? known?.answeredBy);
  if (answeredBy !== undefined) return { isAnswered: true, answeredBy };
  return status === 'answered' || known?.isAnswered === true ? { isAnswered: true } : {};
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

function isSame(one: Telemetry, other: Telemetry): boolean {
  return (
    one.status === other.status &&
    one.atMs === other.atMs &&
    one.isAnswered === other.isAnswered &&
    one.answeredBy === other.answeredBy &&
    one.endReason === other.endReason
  );
}
