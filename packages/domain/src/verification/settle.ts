import {
  type EndedAttempt,
  nextGeneration,
  type ReportDisposition,
  type SettlingReason,
  type VerificationOutcome,
} from '@latchkey/contracts';
import { type AttemptDetail, type AttemptState, attemptStateAt, isEnded } from './attempt.ts';
import { attemptLimitOf, openedOf } from './deadline.ts';
import { dispositionAfterEnd } from './disposition.ts';
import { type Draft, failuresOf, saveAttempt } from './draft.ts';

/** What decided a verification, and when. */
export interface Settling {
  readonly outcome: VerificationOutcome;
  readonly atMs: number;
  readonly attempt: string | undefined;
  readonly method?: string | undefined;
  readonly reason: SettlingReason;
}

/**
 * The verification is final, every attempt of it is over, and a success has cleared the failures in a row.
 *
 * @throws RangeError when the verification was final already
 */
export function settleVerification(draft: Draft, settling: Settling): void {
  const { outcome, atMs, attempt, method, reason } = settling;
  if (draft.verification.state !== 'pending') {
    throw new RangeError(`verification in state ${draft.verification.state} is final`);
  }
  draft.verification = {
    ...draft.verification,
    state: outcome,
    attempt,
    channel: attempt === undefined ? undefined : draft.attempts.get(attempt)?.channel,
    method,
    decidedAtMs: atMs,
    validUntilMs: outcome === 'verified' ? atMs + draft.policy.validityMs : undefined,
    generation: Number(nextGeneration(BigInt(draft.verification.generation), draft.epoch)),
  };
  draft.decisions.push({ kind: 'verification_settled', outcome, attempt, reason });
  dropCancellation(draft);
  closeAttempts(draft, outcome, atMs);
  if (outcome === 'verified') clearFailures(draft);
}

/** The attempt is final; facts that still waited on it are refused. */
export function endAttempt(
  draft: Draft,
  attempt: AttemptState,
  to: EndedAttempt,
  atMs: number,
  reason: SettlingReason,
): void {
  const { parked = [], ...detail }: AttemptDetail = attempt.detail;
  saveAttempt(draft, { ...attempt, state: to, endedAtMs: atMs, detail });
  draft.decisions.push({
    kind: 'attempt_ended',
    attempt: attempt.attempt,
    from: attempt.state,
    to,
    reason,
  });
  const verificationState = draft.verification.state;
  const isTooLate = verificationState === 'expired';
  for (const fact of parked) {
    const disposition: ReportDisposition = isTooLate
      ? 'unknown_attempt'
      : dispositionAfterEnd(attempt, { attemptState: to, verificationState }, fact);
    draft.decisions.push({
      kind: 'parked_fact_dropped',
      attempt: attempt.attempt,
      eventId: fact.eventId,
      disposition,
    });
  }
}

/** After an attempt ended without success: expired with the last one, failed when no more are allowed. */
export function settleAfterEnd(
  draft: Draft,
  attempt: AttemptState,
  to: EndedAttempt,
  atMs: number,
): void {
  const opened = openedOf(draft.attempts.values());
  if (opened.some(({ state }) => !isEnded(state))) return;
  const decided = { atMs, attempt: attempt.attempt };
  if (to === 'expired') {
    settleVerification(draft, { outcome: 'expired', ...decided, reason: 'verdict' });
  } else if (opened.length >= attemptLimitOf(draft.verification)) {
    settleVerification(draft, { outcome: 'failed', ...decided, reason: 'attempts_exhausted' });
  }
}

function closeAttempts(draft: Draft, outcome: VerificationOutcome, atMs: number): void {
  const { graceMs } = draft.policy;
  const beforeDeadlineMs = Math.min(atMs, (draft.verification.expiresAtMs ?? Infinity) - 1);
  for (const attempt of [...draft.attempts.values()]) {
    if (isEnded(attempt.state)) continue;
    const state = attemptStateAt(attempt, beforeDeadlineMs, graceMs);
    if (isEnded(state)) endAttempt(draft, attempt, state, atMs, 'call_ended');
    else endAttempt(draft, attempt, ...closingOf(attempt, outcome, atMs));
  }
}

function closingOf(
  attempt: AttemptState,
  outcome: VerificationOutcome,
  atMs: number,
): [to: EndedAttempt, atMs: number, reason: SettlingReason] {
  const isOpened = attempt.openedAtMs !== undefined;
  if (isOpened && outcome === 'expired') return ['expired', atMs, 'deadline'];
  if (isOpened && outcome === 'cancelled') return ['cancelled', atMs, 'cancelled'];
  return ['superseded', atMs, 'decided_elsewhere'];
}

function dropCancellation(draft: Draft): void {
  const { cancellation, ...detail } = draft.verification.detail;
  if (cancellation === undefined) return;
  draft.verification = { ...draft.verification, detail };
  draft.decisions.push({
    kind: 'parked_fact_dropped',
    attempt: undefined,
    eventId: cancellation.eventId,
    disposition: 'contradictory',
  });
}

function clearFailures(draft: Draft): void {
  const failures = failuresOf(draft);
  if (failures === undefined || failures.failures.length === 0) return;
  draft.failures = { ...failures, failures: [] };
  draft.decisions.push({ kind: 'failures_cleared', count: failures.failures.length });
}
