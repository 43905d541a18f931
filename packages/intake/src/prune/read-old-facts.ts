import { planPruning, type SlimStatement, type StoredBase, slimStatement } from '@latchkey/domain';
import {
  type EngagementRowKey,
  LOWEST_ORDER,
  listOldFacts,
  type OldFactRow,
  type ReadLimits,
  type Tx,
} from '@latchkey/postgres';
import { bytesOfText, type FactSize } from '../steps/record/read-sizes.ts';
import { asFact, sizeOf } from '../steps/record/stored-record.ts';

/** How much is read of an engagement, and with what. */
export interface PruningLimits {
  /** One page. */
  readonly page: ReadLimits;
  /** One transaction reads no further than this once it has found something to prune. */
  readonly transaction: ReadLimits;
}

/** What is to be pruned of an engagement. */
export interface PruningPlan {
  /** What is left; `undefined`: there is nothing new to prune. */
  readonly base: StoredBase | undefined;
  /** The facts that were read, those that stay included. */
  readonly sizes: readonly FactSize[];
  /** There may be more to prune. */
  readonly isPartial: boolean;
}

/**
 * Reads the facts of an engagement that are older than the retention, from what was pruned before up to the first one
 * that is not, page by page. Of each only what counts is kept.
 */
export async function planFor(
  tx: Tx,
  key: EngagementRowKey,
  known: StoredBase | undefined,
  retentionDays: number,
  limits: PruningLimits,
): Promise<PruningPlan> {
  const statements: SlimStatement[] = [];
  const sizes: FactSize[] = [];
  let bytes = 0;
  let place = { sourceOrder: known?.prunedBelow ?? LOWEST_ORDER, eventId: '' };
  for (;;) {
    const parameters = { ...key, ...place, ...limits.page, retentionDays };
    // eslint-disable-next-line no-await-in-loop -- a page begins where the one before it has ended
    const rows = await tx.run(listOldFacts, parameters);
    const recent = rows.find(({ isOld }) => !isOld);
    const old = recent === undefined ? rows : rows.slice(0, rows.indexOf(recent));
    for (const row of old) {
      statements.push(slimStatement(asFact(row)));
      sizes.push(sizeOf(row));
      bytes += bytesOfText(row.data);
    }
    const last = rows.at(-1);
    const isLast = recent !== undefined || last === undefined || !isCut(rows, limits.page);
    const isBeyond =
      statements.length >= limits.transaction.maxRows || bytes >= limits.transaction.maxBytes;
    if (isLast || isBeyond) {
      const endOrder = recent?.sourceOrder ?? (isLast ? undefined : last.sourceOrder);
      const base = planPruning({ source: key.source, base: known, statements, endOrder });
      if (isLast || base !== undefined) return { base, sizes, isPartial: !isLast };
    }
    place = { sourceOrder: last.sourceOrder, eventId: last.eventId };
  }
}

function isCut(rows: readonly OldFactRow[], { maxRows, maxBytes }: ReadLimits): boolean {
  const bytes = rows.reduce((sum, { data }) => sum + bytesOfText(data), 0);
  return rows.length >= maxRows || bytes > maxBytes;
}
