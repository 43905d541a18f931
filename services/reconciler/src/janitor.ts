import { type Db, FORGET_MAX_ROWS, forgetClaims, readHousekeeping } from '@latchkey/postgres';
import { type BackgroundTask, type Logger, type Metrics, waitMs } from '@latchkey/runtime';

const DAY_SECONDS = 86_400;
/** Between two statements, so that forgetting a backlog does not crowd out what is taken. */
const BREATH_MS = 50;

export interface Retention {
  readonly retentionDays: number;
  /** How far the clocks of brokers and database may differ. */
  readonly marginSeconds: number;
}

/**
 * Forgets claims that are older than the retention. Every reconciler does this: the one that comes second finds
 * nothing to do.
 */
export function forgettingTask(
  db: Db,
  retention: Retention,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
  signal: AbortSignal,
): BackgroundTask {
  const forgotten = metrics.counter('latchkey_inbox_forgotten_total');
  const note = (count: number): void => {
    forgotten.inc(count);
  };
  return {
    name: 'forgetting',
    everyMs: 60_000,
    // A backlog of millions takes its time.
    limitMs: 3_600_000,
    work: async () => {
      const total = await forgetOnce(db, retention, note, signal);
      if (total > 0) log.info({ forgotten: total }, 'inbox has forgotten');
    },
  };
}

/** One pass over what is old, in bounded statements; tells of each how many claims it forgot, and returns the sum. */
async function forgetOnce(
  db: Db,
  retention: Retention,
  note: (count: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  let afterMs = 0;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- bounded batches, one after the other
    const [answer] = await db.run(forgetClaims, { ...retention, afterMs });
    note(answer?.forgotten ?? 0);
    total += answer?.forgotten ?? 0;
    if (answer === undefined || answer.forgotten < FORGET_MAX_ROWS) break;
    afterMs = answer.lastMs ?? afterMs;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(BREATH_MS, signal);
  }
  return total;
}

/** Shows how far back the inbox remembers and should, and how far ahead the audit trail has its months. */
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
      if (kept === undefined) throw new Error('the inbox has no row for what it remembers');
      const { inboxRetainedSinceAtMs: sinceMs, auditPartitionsEndAtMs: endMs, nowAtMs } = kept;
      remembers.set(sinceMs === null ? 0 : (nowAtMs - sinceMs) / 1_000);
      months.set((endMs - nowAtMs) / 1_000);
    },
  };
}
