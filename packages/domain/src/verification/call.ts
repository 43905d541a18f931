import { type EndReason, type ProgressFact } from './fact.ts';
import { isOutOfOrder, mergeTelemetry, strongerReason, type Telemetry } from './telemetry.ts';

/** Legs of one attempt that are tracked separately. */
export const LEGS_MAX_COUNT = 20;

/** One device that the call reaches: a desk phone and a mobile that ring together are two. */
export interface Leg extends Telemetry {
  readonly leg: string;
}

/** What is known of the call behind an attempt; JSON. */
export interface Call {
  /** Of the session as a whole: what reports without a leg stated. */
  readonly telemetry?: Telemetry;
  /** At most 20, by name. */
  readonly legs?: readonly Leg[];
  /** When a leg beyond them was seen: from then on no leg counts, and only the session ends the call. */
  readonly legsExceededAtMs?: number;
}

/** How an ended call without a verdict ends its attempt. */
export type EndedState = 'hung_up' | 'busy' | 'no_answer' | 'unreachable' | 'cancelled';

const ENDED_STATES: Readonly<Record<EndReason, EndedState>> = {
  completed: 'hung_up',
  busy: 'busy',
  no_answer: 'no_answer',
  failed: 'unreachable',
  canceled: 'cancelled',
};

/** The call after a report. */
interface Progressed<T extends Call> {
  readonly disposition: 'progress' | 'duplicate' | 'out_of_order' | 'late_telemetry';
  /** `undefined` where the report changed nothing. */
  readonly call: T | undefined;
}

/** Any order of the same reports gives one end of the call, and one reason for it. */
export function progressCall<T extends Call>(call: T, fact: ProgressFact): Progressed<T> {
  const { leg } = fact;
  const { telemetry: ofSession, legs = [] } = call;
  if (leg === undefined) {
    return progressed(ofSession, fact, (telemetry) => ({ ...call, telemetry }));
  }
  if (call.legsExceededAtMs !== undefined) {
    return { disposition: 'late_telemetry', call: undefined };
  }
  const known = legs.find((one) => one.leg === leg);
  if (known === undefined && legs.length >= LEGS_MAX_COUNT) {
    const legsExceededAtMs = fact.takenAtMs;
    return { disposition: 'late_telemetry', call: { ...call, legsExceededAtMs } };
  }
  const others = legs.filter((one) => one !== known);
  return progressed(known, fact, (telemetry) => ({
    ...call,
    legs: [...others, { ...telemetry, leg }].toSorted((a, b) => (a.leg < b.leg ? -1 : 1)),
  }));
}

/**
 * When the call ended: with its session, or with the last of its legs while each of them has ended, in any order.
 * A leg that is seen after that cancels the end by the legs.
 */
export function callEndOf(call: Call): number | undefined {
  const sessionEndMs = endOf(call.telemetry);
  const legs = legsOf(call);
  const legEndsMs = legs.map(endOf).filter((atMs) => atMs !== undefined);
  const isOver = legs.length > 0 && legEndsMs.length === legs.length;
  if (!isOver) return sessionEndMs;
  return Math.min(Math.max(...legEndsMs), sessionEndMs ?? Infinity);
}

/** How the attempt ends that this call was for; `completed` is not success. */
export function endedStateOf(call: Call): EndedState {
  return ENDED_STATES[endReasonOf(call) ?? 'completed'];
}

/** When the last news of the call was stamped; `undefined` where there was none. */
export function lastNewsOf(call: Call): number | undefined {
  const { telemetry, legsExceededAtMs } = call;
  const newsMs = [telemetry?.atMs, legsExceededAtMs, ...legsOf(call).map(({ atMs }) => atMs)];
  const knownMs = newsMs.filter((atMs) => atMs !== undefined);
  return knownMs.length === 0 ? undefined : Math.max(...knownMs);
}

/** Those that count. */
function legsOf({ legs = [], legsExceededAtMs }: Call): readonly Leg[] {
  return legsExceededAtMs === undefined ? legs : [];
}

function progressed<T extends Call>(
  known: Telemetry | undefined,
  fact: ProgressFact,
  callWith: (telemetry: Telemetry) => T,
): Progressed<T> {
  const isBehind = isOutOfOrder(known, fact);
  const telemetry = mergeTelemetry(known, fact);
  if (telemetry === undefined) {
    return { disposition: isBehind ? 'out_of_order' : 'duplicate', call: undefined };
  }
  return { disposition: isBehind ? 'out_of_order' : 'progress', call: callWith(telemetry) };
}

/** A busy phone does not matter to a call that another phone answered. */
function endReasonOf(call: Call): EndReason | undefined {
  const { telemetry } = call;
  const legs = legsOf(call);
  const all = telemetry === undefined ? legs : [...legs, telemetry];
  const answered = all.filter(({ isAnswered }) => isAnswered === true);
  if (answered.length === 0) return strongestOf(all);
  return strongestOf(answered) ?? telemetry?.endReason;
}

function strongestOf(all: readonly Telemetry[]): EndReason | undefined {
  return all.map(({ endReason }) => endReason).reduce(strongerReason, undefined);
}

function endOf(telemetry: Telemetry | undefined): number | undefined {
  return telemetry?.status === 'ended' ? telemetry.atMs : undefined;
}
