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
  await tx.run(saveBase, { ...key, prunedBelow, base: text });
  const through = stored?.throughOrder ?? undefined;
  const more = bytesOfText(text) - bytesOfText(stored?.base ?? '');
  // A head from the full statement on refers to nothing below: that has replaced all attributes.
  const isKept = through !== undefined && through >= prunedBelow;
  if (through !== undefined && !isKept) saveTrimmedKeys(tx, [key], []);
  const less = isKept ? 0 : readBelow(stored, prunedBelow, sizes);
  lowerFactBytes(tx, { identityId: key.identityId, bytes: less - more });
}

/** Bytes of a head that ends below a place, of the facts between both, and of those that it refers to. */
function readBelow(stored: PrunedRow, prunedBelow: bigint, sizes: PruningPlan['sizes']): number {
  const through = stored?.throughOrder ?? undefined;
  const referred = new Set(stored?.referred);
  const facts = sizes
    .filter(
      ({ order, eventId }) =>
        order < prunedBelow && (through === undefined || order > through || referred.has(eventId)),
    )
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return facts + bytesOfText(stored?.head ?? '');
}
