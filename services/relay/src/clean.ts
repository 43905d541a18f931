import { cleanOutbox, type Db } from '@latchkey/postgres';
import { waitMs } from '@latchkey/runtime';

/** Positions that one statement looks at. */
const MAX_ROWS = 5_000;
const EVERY_MS = 60_000;
/** Between two statements, so that cleaning a backlog does not crowd out what is appended. */
const BREATH_MS = 50;

/**
 * Deletes what was published longer ago than the retention, lane by lane, until asked to stop. Every
 * relay does this, also one that stands by: deleting twice deletes once.
 */
export async function cleanLanes(
  db: Db,
  lanes: readonly number[],
  retentionHours: number,
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      // eslint-disable-next-line no-await-in-loop -- one pass, then a pause
      const deleted = await cleanOnce(db, lanes, retentionHours, signal);
      if (deleted > 0) log.info({ deleted }, 'outbox cleaned');
    } catch (error) {
      log.warn({ err: error }, 'outbox not cleaned');
    }
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(EVERY_MS, signal);
  }
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
