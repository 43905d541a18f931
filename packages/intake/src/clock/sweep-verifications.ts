import {
  lockDueVerifications,
  parkVerification,
  type ReportTopic,
  type Tx,
} from '@latchkey/postgres';
import type { IntakeContext } from '../steps/context.ts';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import type { Deciding } from '../steps/families.ts';
import { readMoment } from '../steps/moment.ts';
import { decideDueVerifications } from '../steps/verification/decide-verifications.ts';
import { lockedDue, lockFailures } from '../steps/verification/lock-verifications.ts';
import { parkedReview } from './parked-review.ts';
import { processDue } from './process-due.ts';

/**
 * Settles verifications whose deadline has passed, in one transaction. Acts only on those whose deadline every partition
 * that may contain one of their reports was read past (`read_through_at`): our own lag expires none. One that cannot be
 * decided is parked with a review, and the others are settled.
 *
 * @param reports - where they are reported
 * @returns how many were due; `limit` means that there may be more
 */
export function sweepVerifications(
  { db, ...deciding }: IntakeContext,
  reports: ReportTopic,
  limit: number,
): Promise<number> {
  return processDue(
    {
      decide: (count, seen) =>
        db.transaction((tx) => settleAll(tx, deciding, { ...reports, limit: count }, seen)),
      park: (id, error) => db.transaction((tx) => parkFirst(tx, deciding, reports, id, error)),
    },
    limit,
  );
}

async function settleAll(
  tx: Tx,
  { policy, outputs }: Deciding,
  due: ReportTopic & { readonly limit: number },
  seen: (verificationId: string) => void,
): Promise<number> {
  const rows = await tx.run(lockDueVerifications, due);
  if (rows.length === 0) return 0;
  for (const { verificationId } of rows) seen(verificationId);
  await decideAndApply(
    tx,
    outputs,
    async () => {
      const [locked, moment] = await Promise.all([
        lockFailures(tx, lockedDue(rows)),
        readMoment(tx, outputs),
      ]);
      return { locked, moment };
    },
    (locked, moment) => [decideDueVerifications(rows, locked, policy, moment)],
  );
  return rows.length;
}

/** Parked, it has no deadline: it is not swept again until its next report sets one. */
async function parkFirst(
  tx: Tx,
  { policy, outputs }: Deciding,
  reports: ReportTopic,
  verificationId: string,
  error: unknown,
): Promise<void> {
  const [row] = await tx.run(lockDueVerifications, { ...reports, limit: 1 });
  if (row?.verificationId !== verificationId) return;
  tx.finally(parkVerification, { verificationId });
  await decideAndApply(
    tx,
    outputs,
    async () => ({ locked: row, moment: await readMoment(tx, outputs) }),
    (_, { nowMs }) => [
      { reviews: [parkedReview('sweep_failed', verificationId, error, policy, nowMs)] },
    ],
  );
}
