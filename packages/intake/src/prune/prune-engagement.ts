import type { StoredBase } from '@latchkey/domain';
import {
  type Db,
  deleteFactsBelow,
  type EngagementRowKey,
  lockToPrune,
  lowerFactBytes,
  readPruned,
  saveBase,
  saveTrimmedKeys,
  type Tx,
} from '@latchkey/postgres';
import { bytesOfText } from '../steps/record/read-sizes.ts';
import { type PruningLimits, type PruningPlan, planFor } from './read-old-facts.ts';

type PrunedRow = Awaited<ReturnType<typeof readStored>>;

/** What one transaction has pruned of an engagement. */
export interface PrunedEngagement {
  /** Facts that were deleted. */
  readonly pruned: number;
  /** There may be more to prune. */
  readonly isPartial: boolean;
}

/**
 * Prunes what the newest old full statement of an engagement has replaced, or part of it where that is more than one
 * transaction reads. The identity is locked, so that nothing is decided about it meanwhile. Facts that came too late, and
 * are older than the retention by now, go with them. Prunes nothing while another transaction has locked the identity or an older
 * version is at work, or where no full statement is among the facts that one transaction reads.
 */
export async function pruneEngagement(
  db: Db,
  { identityId, source, engagement }: EngagementRowKey,
  retentionDays: number,
  limits: PruningLimits,
): Promise<PrunedEngagement> {
  const key = { identityId, source, engagement };
  return db.transaction(async (tx) => {
    const [locked] = await tx.run(lockToPrune, { identityId });
    if (locked === undefined) return { pruned: 0, isPartial: false };
    // A statement of its own: its snapshot is newer than the lock.
    const stored = await readStored(tx, key);
    const known = baseOf(stored);
    const plan = await planFor(tx, key, known, retentionDays, limits);
    if (plan.base !== undefined) await write(tx, key, stored, { ...plan, base: plan.base });
    const prunedBelow = (plan.base ?? known)?.prunedBelow;
    if (prunedBelow === undefined) return { pruned: 0, isPartial: false };
    const pruned = await deleteFactsBelow(tx, { ...key, prunedBelow, retentionDays });
    return { pruned, isPartial: plan.isPartial };
  });
}

async function readStored(tx: Tx, key: EngagementRowKey) {
  const [stored] = await tx.run(readPruned, key);
  return stored;
}

function baseOf(stored: PrunedRow): StoredBase | undefined {
  if (stored === undefined || stored.prunedBelow === null || stored.base === null) return undefined;
  return { prunedBelow: stored.prunedBelow, text: stored.base };
}

async function write(
  tx: Tx,
  key: EngagementRowKey,
  stored: PrunedRow,
  { base, sizes }: PruningPlan & { readonly base: StoredBase },
): Promise<void> {
  const { prunedBelow, text } = base;
  const more = bytesOfText(text) - bytesOfText(stored?.base ?? '');
  await tx.run(saveBase, { ...key, prunedBelow, base: text });
  const through = stored?.throughOrder ?? undefined;
  // One from the full statement on refers to nothing below: that has replaced all attributes.
  if (through !== undefined && through >= prunedBelow) {
    lowerFactBytes(tx, { identityId: key.identityId, bytes: -more });
    return;
  }
  if (through !== undefined) saveTrimmedKeys(tx, [key], []);
  const referred = new Set(stored?.referred);
  const read = sizes.filter(
    ({ order, eventId }) =>
      order < prunedBelow && (through === undefined || order > through || referred.has(eventId)),
  );
  const facts = read.reduce((sum, { bytes }) => sum + bytes, 0);
  lowerFactBytes(tx, {
    identityId: key.identityId,
    bytes: facts + bytesOfText(stored?.head ?? '') - more,
  });
}
