import { derivedId } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import {
  type Db,
  lockDueVerifications,
  parkVerification,
  type ReportTopic,
  type Tx,
} from '@latchkey/postgres';
import { apply } from './apply.ts';
import { joinChanges, REVIEW_DUE_MS } from './changes.ts';
import { causeOf, DecideFailedError } from './data-error.ts';
import { decideDueVerifications } from './decide-verifications.ts';
import { holdDue, lockFailures } from './lock-verifications.ts';
import { readMoment } from './moment.ts';
import type { Outputs } from './outputs.ts';
import { takeDue } from './take-due.ts';

/**
 * Settles verifications whose deadline has passed, in one transaction. Acts only on those whose deadline
 * every partition that may hold one of their reports was read past (`read_through_at`): our own lag
 * expires nobody. One that cannot be decided is parked with a review, and the others go on.
 *
 * @param reports - where they are reported
 * @returns how many were due; `limit` means that there may be more
 */
export function sweepVerifications(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  reports: ReportTopic,
  limit: number,
): Promise<number> {
  const sweep: Sweep = { policy, outputs, reports };
  return takeDue(
    {
      decide: (count, seen) => db.transaction((tx) => settleAll(tx, sweep, count, seen)),
      park: (id, error) => db.transaction((tx) => parkFirst(tx, sweep, id, error)),
    },
    limit,
  );
}

interface Sweep {
  readonly policy: Policy;
  readonly outputs: Outputs;
  readonly reports: ReportTopic;
}

async function settleAll(
  tx: Tx,
  { policy, outputs, reports }: Sweep,
  limit: number,
  seen: (verificationId: string) => void,
): Promise<number> {
  const rows = await tx.run(lockDueVerifications, { ...reports, limit });
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
  { policy, outputs, reports }: Sweep,
  verificationId: string,
  error: unknown,
): Promise<void> {
  const [row] = await tx.run(lockDueVerifications, { ...reports, limit: 1 });
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
