import type { VerificationEvent } from '@latchkey/contracts';
import {
  type AttemptState,
  type FailureCount,
  type FailureKey,
  failureCountId,
  failureKeyOfState,
  failureKeysOf,
  type LockedVerifications,
  type VerificationState,
} from '@latchkey/domain';
import {
  type AttemptRow,
  type FailureCountRow,
  listAttempts,
  lockFailureCounts,
  lockVerifications,
  type Tx,
  type VerificationRow,
} from '@latchkey/postgres';
import type { ClaimedEvent } from '../claim.ts';
import { firstOrigin } from '../delivery.ts';

/** Verifications whose rows this transaction has locked. */
export interface LockedRows {
  readonly rows: readonly VerificationRow[];
  /** Of the failure counts that the reports may touch. */
  readonly failureKeys: readonly FailureKey[];
}

/** Locks the verifications of these reports, in the order of their ids. */
export async function lockReported(
  tx: Tx,
  claimed: readonly ClaimedEvent<VerificationEvent>[],
): Promise<LockedRows> {
  if (claimed.length === 0) return { rows: [], failureKeys: [] };
  const reports = Map.groupBy(claimed, ({ event }) => event.data.verification);
  const wanted = [...reports].map(([verificationId, [first]]) => {
    if (first === undefined) throw new RangeError('a group without members');
    const { topic, partition } = firstOrigin(first.origin);
    return { verificationId, topic, partition, origin: first.origin.kind };
  });
  const rows = await lockVerifications(tx, wanted);
  const failureKeys = rows.flatMap((row) => {
    const events = reports.get(row.verificationId) ?? [];
    return failureKeysOf(
      asVerification(row),
      events.map(({ event }) => event),
    );
  });
  return { rows, failureKeys };
}

/** The same for verifications that are due, whose rows this transaction has locked already. */
export function lockedDue(rows: readonly VerificationRow[]): LockedRows {
  const failureKeys = rows
    .filter((row) => row.purpose !== null)
    .map((row) => failureKeyOfState(asVerification(row)));
  return { rows, failureKeys };
}

/** Locks the failure counts, and reads the attempts. */
export async function lockFailures(
  tx: Tx,
  { rows, failureKeys }: LockedRows,
): Promise<LockedVerifications> {
  const ids = rows.map((row) => row.verificationId);
  const [counts, attempts] = await Promise.all([
    lockFailureCounts(tx, distinct(failureKeys)),
    listAttempts(tx, ids),
  ]);
  return {
    verifications: new Map(rows.map((row) => [row.verificationId, asVerification(row)])),
    attempts: Map.groupBy(attempts.map(asAttempt), (attempt) => attempt.verificationId),
    failures: new Map(counts.map((row) => [failureCountId(row), asFailureCount(row)])),
  };
}

function distinct(keys: readonly FailureKey[]): readonly FailureKey[] {
  return [...new Map(keys.map((key) => [failureCountId(key), key])).values()];
}

/** A row as the domain has it. */
export function asVerification(row: VerificationRow): VerificationState {
  return {
    ...withoutNulls(row),
    generation: Number(row.generation),
    detail: JSON.parse(row.detail) as VerificationState['detail'],
  } as VerificationState;
}

function asAttempt(row: AttemptRow): AttemptState {
  return {
    ...withoutNulls(row),
    detail: JSON.parse(row.detail) as AttemptState['detail'],
  } as AttemptState;
}

function asFailureCount({ subject, purpose, failures }: FailureCountRow): FailureCount {
  return { subject, purpose, failures: JSON.parse(failures) as FailureCount['failures'] };
}

/** SQL has null where we have undefined. */
function withoutNulls(row: object): object {
  const copy: Record<string, unknown> = { ...row };
  for (const name in copy) copy[name] ??= undefined;
  return copy;
}
