import { applyReport, type Report, type ReportOutcome } from './apply-report.ts';
import { type AttemptState } from './attempt.ts';
import { type FailureCount, type FailureKey } from './counted-failure.ts';
import { type VerificationChanges } from './draft.ts';
import { failureCountId, failureKeyOf, failureKeyOfState } from './failure-count.ts';
import { type VerificationPolicy } from './policy.ts';
import { sweepVerification } from './sweep.ts';
import { type VerificationState, type VerificationWorld } from './verification.ts';

/** Verifications that no other transaction can change meanwhile, as they are stored. */
export interface LockedVerifications {
  readonly verifications: ReadonlyMap<string, VerificationState>;
  /** By verification: all of its attempts. */
  readonly attempts: ReadonlyMap<string, readonly AttemptState[]>;
  /** By `failureCountId`: those that `failureKeysOf` names. */
  readonly failures: ReadonlyMap<string, FailureCount>;
}

/** States that differ from what was locked, each once, as they are at the end. */
export interface ChangedVerifications {
  readonly verifications: readonly VerificationState[];
  readonly attempts: readonly AttemptState[];
  readonly failures: readonly FailureCount[];
}

/** What a batch is decided by. */
export interface FoldContext {
  readonly policy: VerificationPolicy;
  readonly epoch: number;
}

/** A verification whose deadline has passed. */
export interface DueVerification {
  readonly verificationId: string;
  /** All reports stamped before it have been read. */
  readonly readThroughMs: number;
}

/** What time has changed in one verification. */
export interface DueOutcome {
  readonly verificationId: string;
  readonly changes: VerificationChanges;
}

/**
 * Applies the reports of a batch one after the other; each is decided on the states that the one before it left.
 *
 * @param reports - in the order of the batch, each event id once
 * @returns one outcome for each report, in the same order
 */
export function foldReports(
  locked: LockedVerifications,
  reports: readonly Report[],
  { policy, epoch }: FoldContext,
): { readonly outcomes: readonly ReportOutcome[]; readonly changed: ChangedVerifications } {
  const states = new States(locked, epoch);
  const outcomes = reports.map((report) => {
    const id = report.event.data.verification;
    const world = states.worldOf(id, (verification) => failureKeyOf(verification, report.event));
    const outcome = applyReport(world, report, policy);
    states.keep(id, world, outcome);
    return outcome;
  });
  return { outcomes, changed: states.changed() };
}

/**
 * Settles what time has decided, verification by verification.
 *
 * @returns an outcome for each verification of which something changed
 */
export function foldDue(
  locked: LockedVerifications,
  due: readonly DueVerification[],
  nowMs: number,
  { policy, epoch }: FoldContext,
): { readonly outcomes: readonly DueOutcome[]; readonly changed: ChangedVerifications } {
  const states = new States(locked, epoch);
  const outcomes = due.flatMap(({ verificationId, readThroughMs }) => {
    const world = states.worldOf(verificationId, keyOfRequested);
    const changes = sweepVerification(world, { nowMs, readThroughMs }, policy);
    if (changes === undefined) return [];
    states.keep(verificationId, world, changes);
    return [{ verificationId, changes }];
  });
  return { outcomes, changed: states.changed() };
}

function keyOfRequested(verification: VerificationState | undefined): FailureKey | undefined {
  return verification?.purpose === undefined ? undefined : failureKeyOfState(verification);
}

/** The states during one fold. */
class States {
  readonly #verifications: Map<string, VerificationState>;
  readonly #attempts: Map<string, readonly AttemptState[]>;
  readonly #failures: Map<string, FailureCount>;
  readonly #changedVerifications = new Map<string, VerificationState>();
  readonly #changedAttempts = new Map<string, AttemptState>();
  readonly #changedFailures = new Map<string, FailureCount>();
  readonly #epoch: number;

  constructor(locked: LockedVerifications, epoch: number) {
    this.#verifications = new Map(locked.verifications);
    this.#attempts = new Map(locked.attempts);
    this.#failures = new Map(locked.failures);
    this.#epoch = epoch;
  }

  worldOf(
    id: string,
    keyOf: (verification: VerificationState | undefined) => FailureKey | undefined,
  ): VerificationWorld {
    const verification = this.#verifications.get(id);
    const key = keyOf(verification);
    return {
      verification,
      attempts: this.#attempts.get(id) ?? [],
      failures: key === undefined ? undefined : this.#failures.get(failureCountId(key)),
      epoch: this.#epoch,
    };
  }

  keep(id: string, world: VerificationWorld, changes: VerificationChanges): void {
    const { verification, attempts, failures } = changes;
    if (verification !== undefined) {
      this.#verifications.set(id, verification);
      this.#changedVerifications.set(id, verification);
    }
    if (failures !== undefined) {
      this.#failures.set(failureCountId(failures), failures);
      this.#changedFailures.set(failureCountId(failures), failures);
    }
    for (const attempt of attempts) {
      this.#changedAttempts.set(`${id}\n${attempt.attempt}`, attempt);
    }
    if (attempts.length > 0) this.#attempts.set(id, attemptsAfter(world.attempts, attempts));
  }

  changed(): ChangedVerifications {
    return {
      verifications: [...this.#changedVerifications.values()],
      attempts: [...this.#changedAttempts.values()],
      failures: [...this.#changedFailures.values()],
    };
  }
}

function attemptsAfter(
  known: readonly AttemptState[],
  changed: readonly AttemptState[],
): readonly AttemptState[] {
  const all = new Map(known.map((attempt) => [attempt.attempt, attempt]));
  for (const attempt of changed) all.set(attempt.attempt, attempt);
  return [...all.values()];
}
