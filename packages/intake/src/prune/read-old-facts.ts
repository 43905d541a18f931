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
  /** One transaction reads no further than this; bytes beyond it are in the last fact only. */
  readonly transaction: ReadLimits;
}

/** What is to be pruned of an engagement. */
export interface PruningPlan {
  /** What is left; `undefined`: there is nothing new to prune. */
  readonly base: StoredBase | undefined;
  /** The facts that were read, those that stay included. */
  readonly sizes: readonly FactSize[];
  /** There may be more to prune; false where the limit was reached and nothing to prune was found. */
  readonly isPartial: boolean;
}

/**
 * Reads the facts of an engagement that are older than the retention, from what was pruned before up to the first one
 * that is not, or up to the limit of a transaction, page by page. Of each only what counts is kept.
 */
export async function planFor(
  tx: Tx,
  key: EngagementRowKey,
  known: StoredBase | undefined,
  retentionDays: number,
  limits: PruningLimits,
): Promise<PruningPlan> {
  const { statements, sizes, ...read } = createOldFacts();
  const plan = (endOrder: bigint | undefined): StoredBase | undefined =>
    planPruning({ source: key.source, base: known, statements, endOrder });
  let place: Place = { sourceOrder: known?.prunedBelow ?? LOWEST_ORDER, eventId: '' };
  for (;;) {
    const page = read.nextPage(limits);
    const parameters = { ...key, ...place, ...page, retentionDays };
    // eslint-disable-next-line no-await-in-loop -- a page begins where the one before it has ended
    const { old, next, recentOrder } = pageOf(await tx.run(listOldFacts, parameters), page);
    read.add(old);
    if (next === undefined) return { base: plan(recentOrder), sizes, isPartial: false };
    if (read.isBeyond(limits.transaction)) {
      // Without a base nothing is written, and the next step would read the same again.
      const base = plan(next.sourceOrder);
      return { base, sizes, isPartial: base !== undefined };
    }
    place = next;
  }
}

interface Place {
  readonly sourceOrder: bigint;
  readonly eventId: string;
}

interface OldPage {
  readonly old: readonly OldFactRow[];
  /** The order of the first fact that is not old; `undefined`: all on this page are. */
  readonly recentOrder: bigint | undefined;
  /** After which fact the next page begins; `undefined`: no old facts follow. */
  readonly next: Place | undefined;
}

function pageOf(rows: readonly OldFactRow[], { maxRows, maxBytes }: ReadLimits): OldPage {
  const recent = rows.find(({ isOld }) => !isOld);
  if (recent !== undefined) {
    const old = rows.slice(0, rows.indexOf(recent));
    return { old, recentOrder: recent.sourceOrder, next: undefined };
  }
  const bytes = rows.reduce((sum, { data }) => sum + bytesOfText(data), 0);
  const isCut = rows.length >= maxRows || bytes > maxBytes;
  return { old: rows, recentOrder: undefined, next: isCut ? rows.at(-1) : undefined };
}

/** What is kept of the facts that were read. */
function createOldFacts() {
  const statements: SlimStatement[] = [];
  const sizes: FactSize[] = [];
  let total = 0;
  return {
    statements: statements as readonly SlimStatement[],
    sizes: sizes as readonly FactSize[],
    add: (rows: readonly OldFactRow[]): void => {
      for (const row of rows) {
        const size = sizeOf(row);
        statements.push(slimStatement(asFact(row)));
        sizes.push(size);
        total += size.bytes;
      }
    },
    /** No more than what is left of the transaction. */
    nextPage: ({ page, transaction }: PruningLimits): ReadLimits => ({
      maxRows: Math.min(page.maxRows, transaction.maxRows - sizes.length),
      maxBytes: Math.min(page.maxBytes, transaction.maxBytes - total),
    }),
    isBeyond: ({ maxRows, maxBytes }: ReadLimits): boolean =>
      sizes.length >= maxRows || total >= maxBytes,
  };
}
