import {
  type Db,
  FORGET_MAX_ROWS,
  forgetClaims,
  type HousekeepingStatus,
  readHousekeeping,
} from '@latchkey/postgres';
import { type Logger, type Metrics, waitMs } from '@latchkey/runtime';

const EVERY_MS = 60_000;
/** Between two statements, so that forgetting a backlog does not crowd out what is taken. */
const BREATH_MS = 50;

export interface Retention {
  readonly retentionDays: number;
  /** How far the clocks of brokers and database may differ. */
  readonly marginSeconds: number;
}

/**
 * Forgets claims that are older than the retention, and shows how far back the inbox remembers and how
 * far ahead the audit trail has its months, until asked to stop. Every reconciler does this: the one
 * that comes second finds nothing to do.
 */
export async function runJanitor(
  db: Db,
  retention: Retention,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const forgotten = metrics.counter('latchkey_inbox_forgotten_total');
  const show = housekeepingGauges(metrics);
  while (!signal.aborted) {
    /* eslint-disable no-await-in-loop -- one pass, then a pause */
    try {
      const count = await forgetOnce(db, retention, signal);
      forgotten.inc(count);
      show(await lookAfter(db, count, log));
    } catch (error) {
      log.warn({ err: error }, 'inbox not cleaned');
    }
    await waitMs(EVERY_MS, signal);
    /* eslint-enable no-await-in-loop */
  }
}

async function lookAfter(
  db: Db,
  forgotten: number,
  log: Logger,
): Promise<HousekeepingStatus | undefined> {
  const [kept] = await db.run(readHousekeeping, {});
  const retainedSince = new Date(kept?.inboxRetainedSinceAtMs ?? 0).toISOString();
  if (forgotten > 0) log.info({ forgotten, retainedSince }, 'inbox has forgotten');
  return kept;
}

function housekeepingGauges(metrics: Metrics): (kept: HousekeepingStatus | undefined) => void {
  const remembers = metrics.gauge('latchkey_inbox_remembers_seconds');
  const months = metrics.gauge('latchkey_audit_partitions_seconds');
  return (kept) => {
    if (kept === undefined) return;
    const { inboxRetainedSinceAtMs: sinceMs, auditPartitionsEndAtMs: endMs, nowAtMs } = kept;
    if (sinceMs !== null) remembers.set((nowAtMs - sinceMs) / 1_000);
    months.set((endMs - nowAtMs) / 1_000);
  };
}

/** One pass over what is old, in bounded statements; returns how many claims it forgot. */
async function forgetOnce(db: Db, retention: Retention, signal: AbortSignal): Promise<number> {
  let total = 0;
  let afterMs = 0;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- bounded batches, one after the other
    const [answer] = await db.run(forgetClaims, { ...retention, afterMs });
    total += answer?.forgotten ?? 0;
    if (answer === undefined || answer.forgotten < FORGET_MAX_ROWS) break;
    afterMs = answer.lastMs ?? afterMs;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(BREATH_MS, signal);
  }
  return total;
}
