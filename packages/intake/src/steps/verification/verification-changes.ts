import type {
  AttemptState,
  ChangedVerifications,
  FailureCount,
  VerificationState,
} from '@latchkey/domain';
import type { AttemptRow, FailureCountRow, VerificationRow } from '@latchkey/postgres';
import type { Changes } from '../changes.ts';

/** The rows of changed states. */
export function verificationChanges(changed: ChangedVerifications): Partial<Changes> {
  return {
    verifications: changed.verifications.map(verificationRow),
    attempts: changed.attempts.map(attemptRow),
    failureCounts: changed.failures.map(failureCountRow),
  };
}

function verificationRow(state: VerificationState): VerificationRow {
  return {
    verificationId: state.verificationId,
    state: state.state,
    purpose: orNull(state.purpose),
    personSource: orNull(state.personSource),
    personExternalId: orNull(state.personExternalId),
    requestedAtMs: orNull(state.requestedAtMs),
    expiresAtMs: orNull(state.expiresAtMs),
    maxAttempts: orNull(state.maxAttempts),
    maxFailures: orNull(state.maxFailures),
    attempt: orNull(state.attempt),
    channel: orNull(state.channel),
    method: orNull(state.method),
    decidedAtMs: orNull(state.decidedAtMs),
    validUntilMs: orNull(state.validUntilMs),
    generation: BigInt(state.generation),
    nextDeadlineAtMs: orNull(state.nextDeadlineAtMs),
    detail: JSON.stringify(state.detail),
  };
}

function attemptRow(state: AttemptState): AttemptRow {
  return {
    verificationId: state.verificationId,
    attempt: state.attempt,
    state: state.state,
    platform: orNull(state.platform),
    channel: orNull(state.channel),
    session: orNull(state.session),
    openedAtMs: orNull(state.openedAtMs),
    endedAtMs: orNull(state.endedAtMs),
    detail: JSON.stringify(state.detail),
  };
}

function failureCountRow({ subject, purpose, failures }: FailureCount): FailureCountRow {
  return { subject, purpose, failures: JSON.stringify(failures) };
}

/** SQL has null where we have undefined. */
function orNull<T>(value: T | undefined): T | null {
  return value ?? null;
}
