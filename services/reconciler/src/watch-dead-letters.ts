import { countDeadLetters, type Db } from '@latchkey/postgres';
import { type Logger, type Metrics, waitMs } from '@latchkey/runtime';

const EVERY_MS = 10_000;

/** Shows how many dead letters wait for somebody, by code, until asked to stop. */
export async function watchDeadLetters(
  db: Db,
  metrics: Metrics,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const open = metrics.gauge('latchkey_dead_letters');
  while (!signal.aborted) {
    /* eslint-disable no-await-in-loop -- looks, then pauses */
    try {
      const counts = await db.run(countDeadLetters, {});
      open.reset();
      for (const { code, count } of counts) open.set({ code }, Number(count));
    } catch (error) {
      log.debug({ err: error }, 'dead letters not counted');
    }
    await waitMs(EVERY_MS, signal);
    /* eslint-enable no-await-in-loop */
  }
}
