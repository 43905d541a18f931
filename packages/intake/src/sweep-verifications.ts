import { derivedId } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import { type Db, lockDueVerifications, parkVerification, type Tx } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { joinChanges, REVIEW_DUE_MS } from './changes.ts';
import { causeOf, DecideFailedError } from './data-error.ts';
import { decideDueVerifications } from './decide-verifications.ts';
import { holdDue, lockFailures } from './lock-verifications.ts';
import { readMoment } from './moment.ts';
import type { Outputs } from './outputs.ts';
import { takeDue } from './take-due.ts';

/**
 * Settles verifications whose deadline has passed, in one transaction. Acts only on those whose
 * input partition was read past the deadline (`read_through_at`): our own lag expires nobody. One that
 * cannot be decided is parked with a review, and the others go on.
 *
 * @returns how many were due; `limit` means that there may be more
 */
export function sweepVerifications(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  limit: number,
): Promise<number> {
  return takeDue(
    {
      decide: (count, seen) => db.transaction((tx) => settleAll(tx, policy, outputs, count, seen)),
      park: (id, error) => db.transaction((tx) => parkFirst(tx, id, error, policy, outputs)),
    },
    limit,
  );
}

async function settleAll(
  tx: Tx,
  policy: Policy,
  outputs: Outputs,
  limit: number,
  seen: (verificationId: string) => void,
): Promise<number> {
  const rows = await tx.run(lockDueVerifications, { limit });
  if (rows.length === 0) return 0;
  for (const { verificationId } of rows) seen(verificationId);
  const [locked, moment] = await Promise.all([
    lockFailures(tx, holdDue(rows)),
    readMoment(tx, outputs),
  ]);
  const changes = decided(() => decideDueVerifications(rows, locked, policy, moment));
  await apply(tx, changes, outputs, moment.nowMs);
  return rows.length;
}

/** What a decision throws is the fault of what it was about. */
function decided<T>(decide: () => T): T {
  try {
    return decide();
  } catch (cause) {
    throw new DecideFailedError('deciding failed', { cause });
  }
}

/** Without a deadline it is not swept again, until its next report gives it one. */
async function parkFirst(
  tx: Tx,
  verificationId: string,
  error: unknown,
  policy: Policy,
  outputs: Outputs,
): Promise<void> {
  const [row] = await tx.run(lockDueVerifications, { limit: 1 });
  if (row?.verificationId !== verificationId) return;
  const { nowMs } = await readMoment(tx, outputs);
  tx.finally(parkVerification, { verificationId });
  const review = {
    reviewId: derivedId('review', 'sweep_failed', verificationId, policy.hash),
    kind: 'sweep_failed',
    subject: verificationId,
    owner: policy.owner,
    detail: JSON.stringify({ cause: causeOf(error) }),
    dueAtMs: nowMs + REVIEW_DUE_MS,
  };
  await apply(tx, joinChanges([{ reviews: [review] }]), outputs, nowMs);
}
