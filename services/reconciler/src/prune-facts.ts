import { createPruner } from '@latchkey/intake';
import type { Db } from '@latchkey/postgres';
import { type BackgroundTask, type Logger, type Metrics, waitMs } from '@latchkey/runtime';

/** An older version would read pruned records wrongly: until then an upgrade can be taken back. */
export const PRUNING_STARTS_AFTER_MS = 3_600_000;
/** Pause between two transactions, so that a backlog does not slow intake down. */
const PAUSE_MS = 50;

export interface PruningTime {
  /** Facts that were received later than so many days ago stay. */
  readonly retentionDays: number;
  /** Nothing is pruned until so long after the task was created. */
  readonly startsAfterMs: number;
}

/**
 * Deletes facts that an old full statement has replaced, each minute in a bounded piece of all engagements. Every
 * reconciler runs it.
 */
export function pruningTask(
  db: Db,
  { retentionDays, startsAfterMs }: PruningTime,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Pick<Logger, 'info'> },
  signal: AbortSignal,
): BackgroundTask {
  const counted = metrics.counter('latchkey_facts_pruned_total');
  const createdMs = performance.now();
  let total = 0;
  const pruner = createPruner(db, {
    retentionDays,
    signal,
    count: (pruned) => {
      counted.inc(pruned);
      total += pruned;
    },
    pause: () => waitMs(PAUSE_MS, signal),
  });
  return {
    name: 'pruning',
    everyMs: 60_000,
    // A backlog of years needs that long.
    limitMs: 3_600_000,
    work: async () => {
      if (performance.now() - createdMs < startsAfterMs) return;
      total = 0;
      await pruner.prune();
      if (total > 0) log.info({ facts: total }, 'facts were pruned');
    },
  };
}
