import { type ReportDisposition } from '@latchkey/contracts';
import { type AttemptState, findStep, isSameInput, STEPS_MAX_COUNT, type Step } from './attempt.ts';
import { type Draft, failuresOf, saveAttempt } from './draft.ts';
import { type DecidingFact, type InputFact, type OpenedFact, type VerdictFact } from './fact.ts';
import { factorsIn, haveMatched, isClaimed, methodOf, withClaim } from './factors.ts';
import { countFailures, failureKeyOfState, failureLimitOf, withFailure } from './failure-count.ts';
import { factorsOf } from './policy.ts';
import { endAttempt, settleAfterEnd, settleVerification } from './settle.ts';

/** Counts a fact on an attempt that is open and known, of a verification that is pending and requested. */
export function countFact(
  draft: Draft,
  attempt: AttemptState,
  fact: DecidingFact,
  decidedAtMs: number,
): ReportDisposition {
  switch (fact.kind) {
    case 'opened':
      return countOpened(draft, attempt, fact, decidedAtMs);
    case 'input':
      return countInput(draft, attempt, fact, decidedAtMs);
    case 'verdict':
      return countVerdict(draft, attempt, fact, decidedAtMs);
  }
}

/** Whether the person has failed too often for this purpose: then nothing verifies. */
export function isLocked(draft: Draft, atMs: number): boolean {
  const limit = failureLimitOf(draft.verification, draft.policy);
  return countFailures(failuresOf(draft), atMs, draft.policy) >= limit;
}

function countOpened(
  draft: Draft,
  attempt: AttemptState,
  fact: OpenedFact,
  decidedAtMs: number,
): ReportDisposition {
  if (attempt.openedAtMs !== undefined) {
    return attempt.channel === fact.channel ? 'duplicate' : 'contradictory';
  }
  const { channel, takenAtMs: openedAtMs } = fact;
  const opened = saveAttempt(draft, { ...attempt, channel, openedAtMs });
  draft.decisions.push({ kind: 'attempt_opened', attempt: attempt.attempt });
  if (isLocked(draft, decidedAtMs)) lock(draft, opened, decidedAtMs);
  return 'accepted';
}

function countInput(
  draft: Draft,
  attempt: AttemptState,
  fact: InputFact,
  decidedAtMs: number,
): ReportDisposition {
  const earlier = findStep(attempt, fact.step);
  if (earlier !== undefined) {
    return isSameInput(earlier, fact) ? 'duplicate' : 'contradictory_input';
  }
  const { steps = [] } = attempt.detail;
  if (steps.length >= STEPS_MAX_COUNT) return 'late_input';
  const recorded = recordStep(draft, attempt, [...steps, stepOf(fact)], fact);
  if (fact.result === 'mismatch') countFailure(draft, attempt, [fact.step], fact.takenAtMs);
  const factors = factorsOf(draft.policy, draft.verification.purpose ?? '');
  if (isLocked(draft, decidedAtMs)) lock(draft, recorded, decidedAtMs);
  else if (factors.length > 0 && haveMatched(recorded, factors)) {
    verify(draft, recorded, { method: methodOf(factors), decidedAtMs, reason: 'factors_matched' });
  }
  return 'accepted';
}

function countVerdict(
  draft: Draft,
  attempt: AttemptState,
  fact: VerdictFact,
  decidedAtMs: number,
): ReportDisposition {
  const { verdict, takenAtMs } = fact;
  switch (verdict) {
    case 'inconclusive':
      return 'progress';
    case 'verified':
      return countSuccess(draft, attempt, fact, decidedAtMs);
    case 'max_attempts':
      endAttempt(draft, attempt, verdict, decidedAtMs, 'verdict');
      settleLocked(draft, attempt, decidedAtMs, 'verdict');
      return 'accepted';
    case 'rejected':
      reject(draft, attempt, takenAtMs, decidedAtMs);
      return 'accepted';
    case 'expired':
    case 'cancelled':
      endAttempt(draft, attempt, verdict, decidedAtMs, 'verdict');
      settleAfterEnd(draft, attempt, verdict, decidedAtMs);
      return 'accepted';
  }
}

/** Where the purpose names factors a success counts as a match of those that it names, and of no others. */
function countSuccess(
  draft: Draft,
  attempt: AttemptState,
  { method }: VerdictFact,
  decidedAtMs: number,
): ReportDisposition {
  if (isLocked(draft, decidedAtMs)) {
    lock(draft, attempt, decidedAtMs);
    return 'accepted';
  }
  const factors = factorsOf(draft.policy, draft.verification.purpose ?? '');
  if (factors.length === 0) {
    verify(draft, attempt, { method, decidedAtMs, reason: 'verdict' });
    return 'accepted';
  }
  const named = factorsIn(method, factors);
  if (isClaimed(attempt, named)) return 'duplicate';
  const claimed = withClaim(attempt, named);
  if (haveMatched(claimed, factors)) {
    const how = { method: methodOf(factors), decidedAtMs, reason: 'factors_matched' } as const;
    verify(draft, claimed, how);
    return 'accepted';
  }
  if (claimed !== attempt) {
    saveAttempt(draft, claimed);
    const { attempt: id } = attempt;
    draft.decisions.push({ kind: 'factors_claimed', attempt: id, factors: named });
  }
  return 'progress';
}

function recordStep(
  draft: Draft,
  attempt: AttemptState,
  steps: readonly Step[],
  fact: InputFact,
): AttemptState {
  const { step, result } = fact;
  const isChecking = result === 'match' || attempt.state === 'checking';
  const state = isChecking ? 'checking' : 'collecting';
  draft.decisions.push({ kind: 'step_taken', attempt: attempt.attempt, step, result });
  return saveAttempt(draft, { ...attempt, state, detail: { ...attempt.detail, steps } });
}

function stepOf({ step, factor, result }: InputFact): Step {
  return { step, ...(factor === undefined ? {} : { factor }), result };
}

function reject(draft: Draft, attempt: AttemptState, takenAtMs: number, decidedAtMs: number): void {
  const { steps = [] } = attempt.detail;
  const hasFailed = steps.some(({ result }) => result === 'mismatch');
  if (!hasFailed) countFailure(draft, attempt, [], takenAtMs);
  endAttempt(draft, attempt, 'rejected', decidedAtMs, 'verdict');
  if (isLocked(draft, decidedAtMs)) {
    settleLocked(draft, attempt, decidedAtMs, 'too_many_failures');
  } else {
    settleAfterEnd(draft, attempt, 'rejected', decidedAtMs);
  }
}

function countFailure(
  draft: Draft,
  { verificationId, attempt }: AttemptState,
  step: readonly string[],
  atMs: number,
): void {
  const { policy, verification } = draft;
  const failure = { step: [verificationId, attempt, ...step].join('\n'), atMs };
  draft.failures = withFailure(failureKeyOfState(verification), failuresOf(draft), failure, policy);
  draft.decisions.push({
    kind: 'failure_counted',
    attempt,
    count: draft.failures.failures.length,
    limit: failureLimitOf(verification, policy),
  });
}

function verify(
  draft: Draft,
  attempt: AttemptState,
  how: {
    readonly method: string | undefined;
    readonly decidedAtMs: number;
    readonly reason: 'verdict' | 'factors_matched';
  },
): void {
  const { method, decidedAtMs: atMs, reason } = how;
  endAttempt(draft, attempt, 'verified', atMs, reason);
  const decided = { atMs, attempt: attempt.attempt, method, reason };
  settleVerification(draft, { outcome: 'verified', ...decided });
}

function lock(draft: Draft, attempt: AttemptState, atMs: number): void {
  endAttempt(draft, attempt, 'max_attempts', atMs, 'too_many_failures');
  settleLocked(draft, attempt, atMs, 'too_many_failures');
}

function settleLocked(
  draft: Draft,
  { attempt }: AttemptState,
  atMs: number,
  reason: 'verdict' | 'too_many_failures',
): void {
  settleVerification(draft, { outcome: 'locked', atMs, attempt, reason });
}
