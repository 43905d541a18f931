import {
  leaseFreshVerifications,
  listFailureReviews,
  lockLeasedVerifications,
  type ReportTopic,
  type Tx,
} from '@latchkey/postgres';
import type { IntakeContext } from '../steps/context.ts';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import type { Deciding } from '../steps/deciding.ts';
import { readMoment } from '../steps/moment.ts';
import { decideDueVerifications } from '../steps/verification/decide-verifications.ts';
import { lockedDue, lockFailures } from '../steps/verification/lock-verifications.ts';
import type { Decision, DueKind, RoundLimits } from '../work/due-kind.ts';
import { type Round, runRound } from '../work/run-round.ts';

/**
 * Settles verifications whose deadline has passed. Acts only on those whose deadline every partition that may contain one
 * of their reports was read past (`read_through_at`): our own lag expires none. See `runRound`: one that cannot be decided
 * comes again, and the others are settled.
 *
 * @param reports - where they are reported
 */
export function sweepVerifications(
  context: IntakeContext,
  reports: ReportTopic,
  limits?: RoundLimits,
): Promise<Round> {
  return runRound(context, sweepOf(reports), limits);
}

function sweepOf(reports: ReportTopic): DueKind {
  return {
    kind: 'sweep',
    reviewKind: 'sweep_failed',
    leaseFresh: (tx, fresh) => tx.run(leaseFreshVerifications, { ...fresh, ...reports }),
    decide: (tx, decision, deciding) => settle(tx, decision, deciding, reports),
    lock: async (tx, verificationId) => {
      const rows = await lockLeasedVerifications(tx, [verificationId], reports);
      return rows.length > 0;
    },
  };
}

const KINDS = ['sweep_failed'] as const;

async function settle(
  tx: Tx,
  { itemIds }: Decision,
  { policy, outputs }: Deciding,
  reports: ReportTopic,
): Promise<void> {
  // Reviews also of those that a report has settled meanwhile, or that an older version has parked.
  const [rows, failures] = await Promise.all([
    lockLeasedVerifications(tx, itemIds, reports),
    tx.run(listFailureReviews, { kinds: KINDS, subjects: itemIds }),
  ]);
  const resolved = failures.map(({ reviewId }) => reviewId);
  if (rows.length === 0 && resolved.length === 0) return;
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
    (locked, moment) => [decideDueVerifications(rows, locked, policy, moment), { resolved }],
  );
}
