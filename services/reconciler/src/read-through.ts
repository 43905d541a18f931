import { logOffsets, type TopicAdmin } from '@latchkey/kafka';
import { type Db, markReadThrough, readClock } from '@latchkey/postgres';
import { type Logger, waitMs } from '@latchkey/runtime';

const EVERY_MS = 1_000;

/**
 * Notes how far a topic was read by the broker's clock, until asked to stop: where a partition is
 * read to its end, nothing that was stamped earlier can still come. Deadlines count against that, so
 * that our own lag expires nobody.
 *
 * @param marginMs - how far the brokers' clocks may be behind the database's
 */
export async function watchReadThrough(
  db: Db,
  admin: TopicAdmin,
  topic: string,
  marginMs: number,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    /* eslint-disable no-await-in-loop -- looks, then pauses */
    try {
      await noteReadThrough(db, admin, topic, marginMs);
    } catch (error) {
      // Deadlines wait meanwhile; what is away is told by the parts that need it.
      log.debug({ err: error, topic }, 'read-through not noted');
    }
    await waitMs(EVERY_MS, signal);
    /* eslint-enable no-await-in-loop */
  }
}

/** The clock is read first: a record that comes after it was read is stamped later. */
async function noteReadThrough(
  db: Db,
  admin: TopicAdmin,
  topic: string,
  marginMs: number,
): Promise<void> {
  const [clock] = await db.run(readClock, {});
  if (clock === undefined) return;
  const throughMs = clock.nowMs - marginMs;
  for (const [partition, { end }] of await logOffsets(admin, topic)) {
    // eslint-disable-next-line no-await-in-loop -- a handful of partitions, once a second
    await db.run(markReadThrough, { topic, partition, logEnd: end, throughMs });
  }
}
