import { type VerificationDecision, type VerificationSettledData } from '@latchkey/contracts';
import { type AttemptState, isEnded } from './attempt.ts';
import { type FailureCount } from './counted-failure.ts';
import { nextDeadlineOf } from './deadline.ts';
import { failureKeyOfState } from './failure-count.ts';
import { type VerificationPolicy } from './policy.ts';
import { settledEffect } from './settled-effect.ts';
import { newVerification, type VerificationState, type VerificationWorld } from './verification.ts';

/** A world while one report or one moment is being decided. Lives within one call; everything else is immutable. */
export interface Draft {
  readonly policy: VerificationPolicy;
  readonly epoch: number;
  verification: VerificationState;
  readonly attempts: Map<string, AttemptState>;
  failures: FailureCount | undefined;
  readonly decisions: VerificationDecision[];
}

/** What must be written. A row that was final before is never among it. */
export interface VerificationChanges {
  /** `undefined` where the row stays as it is. */
  readonly verification: VerificationState | undefined;
  /** Only those that changed or are new. */
  readonly attempts: readonly AttemptState[];
  /** `undefined` where the counter stays as it is. */
  readonly failures: FailureCount | undefined;
  /** Data of `latchkey.verification.settled.v1`, once in the life of a verification. */
  readonly settled: VerificationSettledData | undefined;
  /** Empty if and only if nothing changed. */
  readonly decisions: readonly VerificationDecision[];
}

/** @throws RangeError when the world holds rows of another verification or the counter of another key */
export function openDraft(
  world: VerificationWorld,
  verificationId: string,
  policy: VerificationPolicy,
): Draft {
  const verification = world.verification ?? newVerification(verificationId);
  const attempts = new Map(world.attempts.map((attempt) => [attempt.attempt, attempt]));
  const others = [verification, ...world.attempts];
  if (others.some((row) => row.verificationId !== verificationId)) {
    throw new RangeError('rows of another verification');
  }
  const { epoch, failures } = world;
  return { policy, epoch, verification, attempts, failures, decisions: [] };
}

/** @throws RangeError when the attempt was final already */
export function saveAttempt(draft: Draft, attempt: AttemptState): AttemptState {
  const before = draft.attempts.get(attempt.attempt);
  if (before !== undefined && isEnded(before.state)) {
    throw new RangeError(`attempt in state ${before.state} is final`);
  }
  draft.attempts.set(attempt.attempt, attempt);
  return attempt;
}

/** The counter of this verification. @throws RangeError when the world came with that of another key */
export function failuresOf(draft: Draft): FailureCount | undefined {
  const key = failureKeyOfState(draft.verification);
  const { failures } = draft;
  if (failures === undefined) return undefined;
  if (failures.subject !== key.subject || failures.purpose !== key.purpose) {
    throw new RangeError('counter of another person or purpose');
  }
  return failures;
}

export function changesOf(draft: Draft, world: VerificationWorld): VerificationChanges {
  const known = new Map(world.attempts.map((attempt) => [attempt.attempt, attempt]));
  const attempts = [...draft.attempts.values()];
  const verification = withDeadline(draft, attempts);
  const isChanged = draft.decisions.length > 0;
  const hasSettled = isChanged && verification.state !== 'pending';
  return {
    verification: isChanged && verification !== world.verification ? verification : undefined,
    attempts: attempts.filter((attempt) => known.get(attempt.attempt) !== attempt),
    failures: draft.failures === world.failures ? undefined : draft.failures,
    settled: hasSettled ? settledEffect(verification) : undefined,
    decisions: draft.decisions,
  };
}

function withDeadline(draft: Draft, attempts: readonly AttemptState[]): VerificationState {
  const nextDeadlineAtMs = nextDeadlineOf(draft.verification, attempts, draft.policy);
  return draft.verification.nextDeadlineAtMs === nextDeadlineAtMs
    ? draft.verification
    : { ...draft.verification, nextDeadlineAtMs };
}
