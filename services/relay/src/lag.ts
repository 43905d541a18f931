import { type Db, measureLag } from '@latchkey/postgres';
import { type Logger, type Metrics, waitMs } from '@latchkey/runtime';

const EVERY_MS = 2_000;

/**
 * Measures how much of the outbox waits to be published, until asked to stop. A relay that stands by
 * measures, too: the figures are those of the database.
 */
export async function watchLag(
  db: Db,
  topics: ReadonlySet<string>,
  shell: { readonly metrics: Metrics; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const unpublished = shell.metrics.gauge('latchkey_outbox_unpublished');
  const oldest = shell.metrics.gauge('latchkey_oldest_unpublished_seconds');
  while (!signal.aborted) {
    try {
      // eslint-disable-next-line no-await-in-loop -- measures, then pauses
      const rows = (await db.run(measureLag, {})).filter(({ topic }) => topics.has(topic));
      for (const row of rows) unpublished.set({ topic: row.topic }, Number(row.unpublished));
      oldest.set(Math.max(0, ...rows.map(({ oldestSeconds }) => oldestSeconds)));
    } catch (error) {
      // The last figures stay; readiness and the topics' own alarms tell that the database is away.
      shell.log.debug({ err: error }, 'lag not measured');
    }
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(EVERY_MS, signal);
  }
}
