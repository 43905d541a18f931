import { type ReportDisposition } from '@latchkey/contracts';
import {
  type AttemptState,
  attemptStateAt,
  isEnded,
  isOtherCall,
  newAttempt,
  UNOPENED_ATTEMPTS_MAX_COUNT,
} from './attempt.ts';
import { progressCall } from './call.ts';
import { countFact } from './count-fact.ts';
import { attemptLimitOf, dueOutcome, openedOf } from './deadline.ts';
import { dispositionAfterEnd } from './disposition.ts';
import { type Draft, saveAttempt } from './draft.ts';
import { type AttemptFact, type CallNames, type ProgressFact } from './fact.ts';
import { parkFact } from './park.ts';
import { isRequested, type VerificationState } from './verification.ts';

/**
 * Applies a fact of an attempt: it counts, waits, or is refused.
 *
 * @param call - what the report names; `undefined` for a fact that was parked and is bound already
 * @param decidedAtMs - when what the fact is about was known; the fact's own time unless it was parked
 */
export function applyAttemptFact(
  draft: Draft,
  attemptId: string,
  call: CallNames | undefined,
  fact: AttemptFact,
  decidedAtMs: number,
): ReportDisposition {
  const known = draft.attempts.get(attemptId);
  if (known !== undefined && call !== undefined && isOtherCall(known, call)) {
    return 'call_mismatch';
  }
  const refused = refusalOf(draft, known, fact);
  if (refused !== undefined) return refused;
  const attempt = bindCall(
    draft,
    known ?? newAttempt(draft.verification.verificationId, attemptId),
    call,
  );
  if (fact.kind === 'progress') return mergeProgress(draft, attempt, fact);
  const isKnown = attempt.openedAtMs !== undefined || fact.kind === 'opened';
  return isKnown && isRequested(draft.verification)
    ? countFact(draft, attempt, fact, decidedAtMs)
    : parkFact(draft, attempt, fact);
}

/**
 * A fact at the deadline is late. `state` is the state by then, stored or not. Where the verification has an outcome
 * that the deadline did not cause, that outcome answers.
 */
export function isLate(
  { state, expiresAtMs }: Pick<VerificationState, 'state' | 'expiresAtMs'>,
  takenAtMs: number,
): boolean {
  const isUndecided = state === 'pending' || state === 'expired';
  return isUndecided && expiresAtMs !== undefined && takenAtMs >= expiresAtMs;
}

/** Decided by when the fact was stamped: what time has ended by then is over, stored or not. */
function refusalOf(
  draft: Draft,
  attempt: AttemptState | undefined,
  fact: AttemptFact,
): ReportDisposition | undefined {
  const { verification, policy } = draft;
  const { takenAtMs } = fact;
  const due = dueOutcome(verification, [...draft.attempts.values()], takenAtMs, policy);
  const verificationState = due?.outcome ?? verification.state;
  const then = { ...verification, state: verificationState };
  if (isLate(then, takenAtMs)) return dispositionWhenLate(attempt, fact);
  const state = attempt === undefined ? 'open' : attemptStateAt(attempt, takenAtMs, policy.graceMs);
  if (isEnded(state)) {
    return dispositionAfterEnd(attempt, { attemptState: state, verificationState }, fact);
  }
  if (verificationState !== 'pending') {
    return dispositionAfterEnd(attempt, { attemptState: 'superseded', verificationState }, fact);
  }
  return attempt?.openedAtMs === undefined ? refusalOfUnopened(draft, attempt, fact) : undefined;
}

function dispositionWhenLate(
  attempt: AttemptState | undefined,
  fact: AttemptFact,
): ReportDisposition {
  const isKnown = attempt?.openedAtMs !== undefined || fact.kind === 'opened';
  return isKnown ? 'stale_known' : 'unknown_attempt';
}

function refusalOfUnopened(
  draft: Draft,
  attempt: AttemptState | undefined,
  fact: AttemptFact,
): ReportDisposition | undefined {
  const openedCount = openedOf(draft.attempts.values()).length;
  const isAsked = isRequested(draft.verification);
  if (isAsked && fact.kind === 'opened') {
    return openedCount >= attemptLimitOf(draft.verification) ? 'contradictory' : undefined;
  }
  const hasRoom = draft.attempts.size - openedCount < UNOPENED_ATTEMPTS_MAX_COUNT;
  return attempt !== undefined || hasRoom ? undefined : 'unknown_attempt';
}

function bindCall(draft: Draft, attempt: AttemptState, call: CallNames | undefined): AttemptState {
  if (call === undefined) return attempt;
  const platform = attempt.platform ?? call.platform;
  const session = attempt.session ?? call.session;
  if (attempt.platform === platform && attempt.session === session) return attempt;
  draft.decisions.push({ kind: 'call_bound', attempt: attempt.attempt });
  return saveAttempt(draft, { ...attempt, platform, session });
}

function mergeProgress(draft: Draft, attempt: AttemptState, fact: ProgressFact): ReportDisposition {
  const { call: detail, disposition } = progressCall(attempt.detail, fact);
  if (detail === undefined) return disposition;
  saveAttempt(draft, { ...attempt, detail });
  const isKept = detail.legsExceededAtMs === attempt.detail.legsExceededAtMs;
  draft.decisions.push(
    isKept
      ? { kind: 'call_progressed', attempt: attempt.attempt, status: fact.status }
      : { kind: 'legs_exceeded', attempt: attempt.attempt },
  );
  return disposition;
}
