import { type EndedAttempt, type OpenAttempt } from '@latchkey/contracts';
import { type Call, callEndOf, endedStateOf } from './call.ts';
import {
  type CallNames,
  type Channel,
  type DecidingFact,
  type InputFact,
  type InputResult,
} from './fact.ts';
import { isSameName } from './name.ts';

/** One prompt, used once. */
export interface Step {
  readonly step: string;
  readonly factor?: string;
  readonly result: InputResult;
}

/** A fact that waits for what it is about. */
export type ParkedFact = DecidingFact & {
  /** Its place among all facts that were parked on this verification. */
  readonly place: number;
};

/** What the columns have no room for; JSON. */
export interface AttemptDetail extends Call {
  readonly steps?: readonly Step[];
  /** What verdicts claimed that named too little: factors of the purpose, in the policy's order. */
  readonly claims?: readonly (readonly string[])[];
  readonly parked?: readonly ParkedFact[];
}

/** A row of `verification_attempt`. Instants are epoch milliseconds. */
export interface AttemptState {
  readonly verificationId: string;
  readonly attempt: string;
  readonly state: OpenAttempt | EndedAttempt;
  /** Bound by the first fact that names it, like `session`. */
  readonly platform: string | undefined;
  readonly channel: Channel | undefined;
  readonly session: string | undefined;
  /** When `attempt-opened` was stamped; `undefined` while no `attempt-opened` is known. */
  readonly openedAtMs: number | undefined;
  /** When `state` became final. */
  readonly endedAtMs: number | undefined;
  readonly detail: AttemptDetail;
}

/** Steps of one attempt that are remembered; input beyond them counts for nothing. */
export const STEPS_MAX_COUNT = 100;
/** Claims of one attempt that are remembered though they name no factor that was not named before. */
export const CLAIMS_MAX_COUNT = 20;
/** Attempts of one verification that can be opened, also where `maxAttempts` allows more. */
export const OPENED_ATTEMPTS_MAX_COUNT = 1000;
/** Attempts of one verification that were not opened, but that facts named. */
export const UNOPENED_ATTEMPTS_MAX_COUNT = 50;
/** Facts that wait on one attempt. */
export const PARKED_FACTS_MAX_COUNT = 50;

export function newAttempt(verificationId: string, attempt: string): AttemptState {
  return {
    verificationId,
    attempt,
    state: 'open',
    platform: undefined,
    channel: undefined,
    session: undefined,
    openedAtMs: undefined,
    endedAtMs: undefined,
    detail: {},
  };
}

export function isEnded(state: AttemptState['state']): state is EndedAttempt {
  return state !== 'open' && state !== 'collecting' && state !== 'checking';
}

/** A call ended and no verdict came: from then on the attempt is over, stored or not. */
export function graceEndOf(attempt: AttemptState, graceMs: number): number | undefined {
  if (attempt.openedAtMs === undefined || isEnded(attempt.state)) return undefined;
  const endMs = callEndOf(attempt.detail);
  return endMs === undefined ? undefined : endMs + graceMs;
}

/** The state at a moment: what is stored, or the one after the end of the grace period. */
export function attemptStateAt(
  attempt: AttemptState,
  atMs: number,
  graceMs: number,
): AttemptState['state'] {
  const graceEndMs = graceEndOf(attempt, graceMs);
  const isOver = graceEndMs !== undefined && graceEndMs <= atMs;
  return isOver ? endedStateOf(attempt.detail) : attempt.state;
}

/** Whether a report comes from another call than the one that the attempt is bound to. Legs do not matter. */
export function isOtherCall(attempt: AttemptState, call: CallNames): boolean {
  const { platform, session } = attempt;
  const otherPlatform = platform !== undefined && platform !== call.platform;
  const otherSession =
    session !== undefined && call.session !== undefined && session !== call.session;
  return otherPlatform || otherSession;
}

export function findStep(attempt: AttemptState, step: string): Step | undefined {
  return attempt.detail.steps?.find((known) => known.step === step);
}

export function isSameInput(known: Step, fact: InputFact): boolean {
  return known.result === fact.result && isSameName(known.factor, fact.factor);
}
