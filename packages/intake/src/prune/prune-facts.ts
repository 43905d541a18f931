import { type Db, type EngagementRowKey, FIRST_ENGAGEMENT, listPrunable } from '@latchkey/postgres';
import { type PrunedEngagement, pruneEngagement } from './prune-engagement.ts';
import type { PruningLimits } from './read-old-facts.ts';

const MIB = 1_048_576;

/** Engagements that one piece looks at, at most. */
const LOOK_MAX_ENGAGEMENTS = 500;

/** An identity is locked for as long as one transaction takes. */
const LIMITS: PruningLimits = {
  page: { maxRows: 1_000, maxBytes: MIB },
  transaction: { maxRows: 5_000, maxBytes: 16 * MIB },
};

export interface Pruning {
  /** Facts that were received later than so many days ago stay. */
  readonly retentionDays: number;
  readonly signal: AbortSignal;
  /** Called with the number of facts that each transaction has deleted. */
  readonly count: (pruned: number) => void;
  /** Called between two transactions. */
  readonly pause: () => Promise<void>;
  /** How much one transaction reads. */
  readonly limits?: PruningLimits;
}

/** Prunes a bounded piece of all engagements each time, and begins again after the last. */
export interface Pruner {
  /**
   * Prunes the next piece.
   *
   * @returns whether it was the last one
   * @throws what pruning an engagement throws; the next piece begins after that one
   */
  readonly prune: () => Promise<boolean>;
}

/** Prunes facts that old full statements have replaced. Several processes may do so at once. */
export function createPruner(db: Db, pruning: Pruning): Pruner {
  let after: EngagementRowKey = FIRST_ENGAGEMENT;
  return {
    prune: async () => {
      const { retentionDays, signal, limits = LIMITS } = pruning;
      const maxRows = LOOK_MAX_ENGAGEMENTS;
      const readMaxRows = limits.transaction.maxRows;
      const look = { ...after, retentionDays, maxRows, readMaxRows };
      const rows = await db.run(listPrunable, look);
      for (const row of rows.filter(({ isPrunable }) => isPrunable)) {
        if (signal.aborted) return false;
        after = row;
        // eslint-disable-next-line no-await-in-loop -- one identity after the other
        await pruneWhole(db, row, pruning);
      }
      const isLast = rows.length < maxRows;
      after = isLast ? FIRST_ENGAGEMENT : (rows.at(-1) ?? FIRST_ENGAGEMENT);
      return isLast;
    },
  };
}

/** In steps, where an engagement has more facts than one transaction reads. */
async function pruneWhole(db: Db, key: EngagementRowKey, pruning: Pruning): Promise<void> {
  const { retentionDays, limits = LIMITS, signal, count, pause } = pruning;
  let step: PrunedEngagement;
  do {
    // eslint-disable-next-line no-await-in-loop -- each begins where the one before it has ended
    step = await pruneEngagement(db, key, retentionDays, limits);
    count(step.pruned);
    // eslint-disable-next-line no-await-in-loop -- see above
    await pause();
  } while (step.isPartial && !signal.aborted);
}
