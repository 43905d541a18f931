import { derivedId } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import { type Db, lockDueIdentities, parkIdentity, readClock, type Tx } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { type Changes, joinChanges, REVIEW_DUE_MS } from './changes.ts';
import { causeOf, isDataError } from './data-error.ts';
import { decideDue } from './decide-record.ts';
import { type LockedIdentity, withChildren } from './lock-record.ts';
import type { Outputs } from './outputs.ts';

/**
 * The clock: decides identities whose next transition is due, in one transaction. Nothing happens
 * early; after a time in which nobody was there everything due happens once. Identities that another
 * transaction holds are left for the next call. One that cannot be decided is parked with a review,
 * and the others go on.
 *
 * @returns how many identities were due; `limit` means that there may be more
 */
export async function reconcileDue(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  limit: number,
): Promise<number> {
  try {
    return await decideAll(db, policy, outputs, limit);
  } catch (error) {
    if (!isDataError(error)) throw error;
    return decideOneByOne(db, policy, outputs, limit);
  }
}

/** After the database has refused what was decided of one of them: each in a transaction of its own. */
async function decideOneByOne(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  limit: number,
): Promise<number> {
  for (let done = 0; done < limit; done += 1) {
    // eslint-disable-next-line no-await-in-loop -- the longest due first
    if ((await decideOrParkFirst(db, policy, outputs)) === 0) return done;
  }
  return limit;
}

async function decideOrParkFirst(db: Db, policy: Policy, outputs: Outputs): Promise<number> {
  let first: string | undefined;
  try {
    return await decideAll(db, policy, outputs, 1, (identityId) => {
      first = identityId;
    });
  } catch (error) {
    if (!isDataError(error) || first === undefined) throw error;
    await parkFirst(db, first, error, policy, outputs);
    return 1;
  }
}

/** Parks the identity that is due the longest, unless it is another one by now. */
function parkFirst(
  db: Db,
  identityId: string,
  error: unknown,
  policy: Policy,
  outputs: Outputs,
): Promise<void> {
  return db.transaction(async (tx) => {
    const [row] = await tx.run(lockDueIdentities, { limit: 1 });
    if (row?.identityId !== identityId) return;
    const nowMs = await nowOf(tx);
    tx.finally(parkIdentity, { identityId });
    const reviews = [parkedReview(identityId, error, policy, nowMs)];
    await apply(tx, joinChanges([{ reviews }]), outputs, nowMs);
  });
}

async function nowOf(tx: Tx): Promise<number> {
  const [clock] = await tx.run(readClock, {});
  if (clock === undefined) throw new Error('the database has no clock');
  return clock.nowMs;
}

function decideAll(
  db: Db,
  policy: Policy,
  outputs: Outputs,
  limit: number,
  seen: (identityId: string) => void = () => undefined,
): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.run(lockDueIdentities, { limit });
    if (rows.length === 0) return 0;
    for (const { identityId } of rows) seen(identityId);
    const identities = await withChildren(tx, rows);
    const nowMs = await nowOf(tx);
    const parts = [...identities.values()].map((identity) =>
      decideOrPark(tx, identity, policy, nowMs),
    );
    await apply(tx, joinChanges(parts), outputs, nowMs);
    return rows.length;
  });
}

function decideOrPark(
  tx: Tx,
  identity: LockedIdentity,
  policy: Policy,
  nowMs: number,
): Partial<Changes> {
  try {
    return decideDue(identity, policy, nowMs);
  } catch (error) {
    const { identityId } = identity.current;
    tx.finally(parkIdentity, { identityId });
    return { reviews: [parkedReview(identityId, error, policy, nowMs)] };
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
