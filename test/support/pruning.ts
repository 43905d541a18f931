import { createPruner } from '@latchkey/intake';
import type { Db } from '@latchkey/postgres';
import type { TestDatabase } from './database.ts';

const RETENTION_DAYS = 730;

/** How much one page and one transaction read; small, so that few facts are many steps. */
export const SMALL_STEPS = {
  page: { maxRows: 2, maxBytes: 100_000 },
  transaction: { maxRows: 5, maxBytes: 100_000 },
};

/**
 * Looks at all engagements once.
 *
 * @returns how many facts each transaction has deleted
 */
export async function pruneAll(
  db: Db,
  limits: typeof SMALL_STEPS = SMALL_STEPS,
): Promise<readonly number[]> {
  const counts: number[] = [];
  const pruner = createPruner(db, {
    retentionDays: RETENTION_DAYS,
    signal: new AbortController().signal,
    count: (pruned) => counts.push(pruned),
    pause: () => Promise.resolve(),
    limits,
  });
  while (!(await pruner.prune()));
  return counts;
}

/** Makes facts older than the retention: all, or those up to an order. */
export async function ageFacts({ query }: TestDatabase, through = 1_000_000_000): Promise<void> {
  await query(
    `update fact set received_at = now() - make_interval(days => $1)
     where source_order <= $2 and received_at > now() - make_interval(days => $1)`,
    [RETENTION_DAYS + 1, through],
  );
}
