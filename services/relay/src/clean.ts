import { cleanOutbox, type Db } from '@latchkey/postgres';
import { type BackgroundTask, type Logger, waitMs } from '@latchkey/runtime';

/** Positions that one statement looks at. */
const MAX_ROWS = 5_000;
/** Between two statements, so that cleaning a backlog does not crowd out what is appended. */
const BREATH_MS = 50;

/**
 * Deletes what was published longer ago than the retention, lane by lane. Every relay does this, also one that stands
 * by: deleting twice deletes once.
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
      if (more) await waitMs(BREATH_MS, signal);
    }
  }
  return total;
}
