import { cleanOutbox, type Db } from '@latchkey/postgres';
import { type BackgroundTask, type Logger, waitMs } from '@latchkey/runtime';

/** Positions that one statement scans. */
const MAX_ROWS = 5_000;
/** Between two statements, so that cleaning a backlog does not slow down appends. */
const PAUSE_MS = 50;

/**
 * Deletes messages that were published longer ago than the retention, lane by lane. Every relay does this, even a standby:
 * deleting twice is harmless.
 */
export function cleaningTask(
  db: Db,
  lanes: readonly number[],
  retentionHours: number,
  log: Pick<Logger, 'info'>,
  signal: AbortSignal,
): BackgroundTask {
  return {
    name: 'outbox-cleaning',
    everyMs: 60_000,
    // A backlog of millions takes its time.
    limitMs: 3_600_000,
    work: async () => {
      const deleted = await cleanOnce(db, lanes, retentionHours, signal);
      if (deleted > 0) log.info({ deleted }, 'outbox cleaned');
    },
  };
}

async function cleanOnce(
  db: Db,
  lanes: readonly number[],
  retentionHours: number,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  for (const lane of lanes) {
    let more = true;
    while (more && !signal.aborted) {
      const parameters = { lane, retentionHours, maxRows: MAX_ROWS };
      // eslint-disable-next-line no-await-in-loop -- bounded ranges, one after the other
      const [answer] = await db.run(cleanOutbox, parameters);
      const deleted = answer?.deleted ?? 0;
      total += deleted;
      more = deleted === MAX_ROWS;
      // eslint-disable-next-line no-await-in-loop -- see above
      if (more) await waitMs(PAUSE_MS, signal);
    }
  }
  return total;
}
