import {
  type AttemptState,
  type FailureCount,
  type FailureKey,
  type VerificationChanges,
  type VerificationState,
  type VerificationWorld,
} from '@latchkey/domain';
import type { AttemptRow, FailureCountRow, VerificationRow } from '@latchkey/postgres';
import type { Changes } from './changes.ts';
import { failureCountId, type LockedVerifications } from './lock-verifications.ts';

/** The locked verifications while the reports of a batch are taken, one after the other. */
export class VerificationDraft {
  readonly #verifications: Map<string, VerificationState>;
  readonly #attempts: Map<string, readonly AttemptState[]>;
  readonly #failures: Map<string, FailureCount>;
  readonly #changedVerifications = new Map<string, VerificationState>();
  readonly #changedAttempts = new Map<string, AttemptState>();
  readonly #changedFailures = new Map<string, FailureCount>();

  readonly #epoch: number;

  constructor(locked: LockedVerifications, epoch: number) {
    this.#epoch = epoch;
    this.#verifications = new Map(locked.verifications);
    this.#attempts = new Map(locked.attempts);
    this.#failures = new Map(locked.failures);
  }

  verification(id: string): VerificationState | undefined {
    return this.#verifications.get(id);
  }

  /** What the next report of this verification meets. */
  world(id: string, key: FailureKey | undefined): VerificationWorld {
    return {
      verification: this.#verifications.get(id),
      attempts: this.#attempts.get(id) ?? [],
      failures: key === undefined ? undefined : this.#failures.get(failureCountId(key)),
      epoch: this.#epoch,
    };
  }

  /** Takes over what one report, or time, has changed. */
  keep(id: string, changes: VerificationChanges): void {
    const { verification, attempts, failures } = changes;
    if (verification !== undefined) {
      this.#verifications.set(id, verification);
      this.#changedVerifications.set(id, verification);
    }
    if (failures !== undefined) {
      this.#failures.set(failureCountId(failures), failures);
      this.#changedFailures.set(failureCountId(failures), failures);
    }
    const all = new Map((this.#attempts.get(id) ?? []).map((known) => [known.attempt, known]));
    for (const attempt of attempts) {
      all.set(attempt.attempt, attempt);
      this.#changedAttempts.set(`${id}\n${attempt.attempt}`, attempt);
    }
    this.#attempts.set(id, [...all.values()]);
  }

  /** The rows that differ from what was locked, as they are at the end. */
  changes(): Partial<Changes> {
    return {
      verifications: [...this.#changedVerifications.values()].map(verificationRow),
      attempts: [...this.#changedAttempts.values()].map(attemptRow),
      failureCounts: [...this.#changedFailures.values()].map(failureCountRow),
    };
  }
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
