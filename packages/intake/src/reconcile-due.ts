import { derivedId } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import { type Db, lockDueIdentities, parkIdentity, type Tx } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { type Changes, joinChanges, REVIEW_DUE_MS } from './changes.ts';
import { causeOf } from './data-error.ts';
import { decideDue } from './decide-record.ts';
import { type LockedIdentity, withChildren } from './lock-record.ts';
import { type Moment, readMoment } from './moment.ts';
import type { Outputs } from './outputs.ts';
import { takeDue } from './take-due.ts';

/**
 * The clock: decides identities whose next transition is due, in one transaction. Nothing happens
 * early; after a time in which nobody was there everything due happens once. Identities that another
 * transaction holds are left for the next call. One that cannot be decided is parked with a review,
 * and the others go on.
 *
 * @returns how many identities were due; `limit` means that there may be more
 */
export function reconcileDue(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  limit: number,
): Promise<number> {
  return takeDue(
    {
      decide: (count, seen) => db.transaction((tx) => decideAll(tx, policy, outputs, count, seen)),
      park: (id, error) => db.transaction((tx) => parkFirst(tx, id, error, policy, outputs)),
    },
    limit,
  );
}

async function decideAll(
  tx: Tx,
  policy: Policy,
  outputs: Outputs,
  limit: number,
  seen: (identityId: string) => void,
): Promise<number> {
  const rows = await tx.run(lockDueIdentities, { limit });
  if (rows.length === 0) return 0;
  for (const { identityId } of rows) seen(identityId);
  const [identities, moment] = await Promise.all([withChildren(tx, rows), readMoment(tx, outputs)]);
  const parts = [...identities.values()].map((identity) =>
    decideOrPark(tx, identity, policy, moment),
  );
  await apply(tx, joinChanges(parts), outputs, moment.nowMs);
  return rows.length;
}

async function parkFirst(
  tx: Tx,
  identityId: string,
  error: unknown,
  policy: Policy,
  outputs: Outputs,
): Promise<void> {
  const [row] = await tx.run(lockDueIdentities, { limit: 1 });
  if (row?.identityId !== identityId) return;
  const { nowMs } = await readMoment(tx, outputs);
  tx.finally(parkIdentity, { identityId });
  const reviews = [parkedReview(identityId, error, policy, nowMs)];
  await apply(tx, joinChanges([{ reviews }]), outputs, nowMs);
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
    return { reviews: [parkedReview(identityId, error, policy, moment.nowMs)] };
  }
}

function parkedReview(
  identityId: string,
  error: unknown,
  policy: Policy,
  nowMs: number,
): Changes['reviews'][number] {
  return {
    reviewId: derivedId('review', 'clock_failed', identityId, policy.hash),
    kind: 'clock_failed',
    subject: identityId,
    owner: policy.owner,
    detail: JSON.stringify({ cause: causeOf(error) }),
    dueAtMs: nowMs + REVIEW_DUE_MS,
  };
}
