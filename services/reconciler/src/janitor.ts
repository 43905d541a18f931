import { type Db, FORGET_MAX_ROWS, forgetClaims, readHousekeeping } from '@latchkey/postgres';
import { type BackgroundTask, type Logger, type Metrics, waitMs } from '@latchkey/runtime';

const DAY_SECONDS = 86_400;
/** Pause between two statements, so that deleting a backlog does not slow intake down. */
const PAUSE_MS = 50;

export interface Retention {
  readonly retentionDays: number;
  /** How far the clocks of brokers and database may differ. */
  readonly marginSeconds: number;
}

/**
 * Deletes claims that are older than the retention. Every reconciler runs it; a second one at the same moment finds none
 * to delete.
 */
export function forgettingTask(
  db: Db,
  retention: Retention,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
  signal: AbortSignal,
): BackgroundTask {
  const forgotten = metrics.counter('latchkey_inbox_forgotten_total');
  const count = (deleted: number): void => {
    forgotten.inc(deleted);
  };
  return {
    name: 'forgetting',
    everyMs: 60_000,
    // A backlog of millions of claims needs that long.
    limitMs: 3_600_000,
    work: async () => {
      const total = await forgetOnce(db, retention, count, signal);
      if (total > 0) log.info({ forgotten: total }, 'inbox has forgotten');
    },
  };
}

/**
 * Deletes all claims that are old now, in bounded statements.
 *
 * @param count - called with the number of claims that each statement has deleted
 * @returns their sum
 */
async function forgetOnce(
  db: Db,
  retention: Retention,
  count: (deleted: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  let afterMs = 0;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- one statement after the other
    const [answer] = await db.run(forgetClaims, { ...retention, afterMs });
    count(answer?.forgotten ?? 0);
    total += answer?.forgotten ?? 0;
    if (answer === undefined || answer.forgotten < FORGET_MAX_ROWS) break;
    afterMs = answer.lastMs ?? afterMs;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(PAUSE_MS, signal);
  }
  return total;
}

/**
 * Measures for how long the inbox has kept claims and should keep them, and how far ahead the audit trail has partitions.
 */
export function housekeepingTask(
  db: Db,
  { retentionDays }: Retention,
  metrics: Metrics,
): BackgroundTask {
  metrics.gauge('latchkey_inbox_retention_seconds').set(retentionDays * DAY_SECONDS);
  const remembers = metrics.gauge('latchkey_inbox_remembers_seconds');
  const months = metrics.gauge('latchkey_audit_partitions_seconds');
  return {
    name: 'housekeeping',
    everyMs: 10_000,
    limitMs: 20_000,
    forget: () => {
      remembers.reset();
      months.reset();
    },
    work: async () => {
      const [kept] = await db.run(readHousekeeping, {});
      if (kept === undefined) throw new Error('inbox_retention has no row');
      const { inboxRetainedSinceAtMs: sinceMs, auditPartitionsEndAtMs: endMs, nowAtMs } = kept;
      remembers.set(sinceMs === null ? 0 : (nowAtMs - sinceMs) / 1_000);
      months.set((endMs - nowAtMs) / 1_000);
    },
  };
}
