import type { Policy } from '@latchkey/domain';
import { lockDueIdentities, parkIdentity, type Tx } from '@latchkey/postgres';
import type { Changes } from '../steps/changes.ts';
import type { IntakeContext } from '../steps/context.ts';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import type { Deciding } from '../steps/families.ts';
import { type Moment, readMoment } from '../steps/moment.ts';
import { decideDue } from '../steps/record/decide-record.ts';
import { type LockedIdentity, readChildren } from '../steps/record/lock-record.ts';
import { parkedReview } from './parked-review.ts';
import { processDue } from './process-due.ts';

/**
 * Decides identities whose next transition is due, in one transaction. Nothing happens early; after downtime everything
 * due happens once. Identities that another transaction has locked are left for the next call. One that cannot be
 * decided is parked with a review, and the others are decided.
 *
 * @returns how many identities were due; `limit` means that there may be more
 */
export function reconcileDue({ db, ...deciding }: IntakeContext, limit: number): Promise<number> {
  return processDue(
    {
      decide: (count, seen) => db.transaction((tx) => decideAll(tx, deciding, count, seen)),
      park: (id, error) => db.transaction((tx) => parkFirst(tx, deciding, id, error)),
    },
    limit,
  );
}

async function decideAll(
  tx: Tx,
  { policy, outputs }: Deciding,
  limit: number,
  seen: (identityId: string) => void,
): Promise<number> {
  const rows = await tx.run(lockDueIdentities, { limit });
  if (rows.length === 0) return 0;
  for (const { identityId } of rows) seen(identityId);
  await decideAndApply(
    tx,
    outputs,
    async () => {
      const [locked, moment] = await Promise.all([readChildren(tx, rows), readMoment(tx, outputs)]);
      return { locked, moment };
    },
    (identities, moment) =>
      [...identities.values()].map((identity) => decideOrPark(tx, identity, policy, moment)),
  );
  return rows.length;
}

async function parkFirst(
  tx: Tx,
  { policy, outputs }: Deciding,
  identityId: string,
  error: unknown,
): Promise<void> {
  const [row] = await tx.run(lockDueIdentities, { limit: 1 });
  if (row?.identityId !== identityId) return;
  tx.finally(parkIdentity, { identityId });
  await decideAndApply(
    tx,
    outputs,
    async () => ({ locked: row, moment: await readMoment(tx, outputs) }),
    (_, { nowMs }) => [
      { reviews: [parkedReview('clock_failed', identityId, error, policy, nowMs)] },
    ],
  );
}

function decideOrPark(
  tx: Tx,
  identity: LockedIdentity,
  policy: Policy,
  moment: Moment,
): Partial<Changes> {
  try {
    return decideDue(identity, policy, moment);
  } catch (error) {
    const { identityId } = identity.current;
    tx.finally(parkIdentity, { identityId });
    return { reviews: [parkedReview('clock_failed', identityId, error, policy, moment.nowMs)] };
  }
}
