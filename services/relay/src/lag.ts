import { type Db, listTakeovers, measureLag } from '@latchkey/postgres';
import type { BackgroundTask, Metrics } from '@latchkey/runtime';

/**
 * Measures how much of the outbox waits to be published, and how often its topics were taken over. A standby measures, too:
 * the figures are those of the database.
 */
export function outboxLagTask(
  db: Db,
  topics: ReadonlySet<string>,
  metrics: Metrics,
): BackgroundTask {
  const unpublished = metrics.gauge('latchkey_outbox_unpublished');
  const oldest = metrics.gauge('latchkey_oldest_unpublished_seconds');
  const takeovers = metrics.counter('latchkey_relay_takeovers_total');
  const forget = (): void => {
    unpublished.reset();
    oldest.reset();
    takeovers.reset();
  };
  return {
    name: 'outbox-lag',
    everyMs: 2_000,
    limitMs: 20_000,
    forget,
    work: async () => {
      const waiting = await db.run(measureLag, {});
      const counts = await db.run(listTakeovers, {});
      forget();
      const own = waiting.filter(({ topic }) => topics.has(topic));
      for (const { topic, unpublished: count } of own) unpublished.set({ topic }, Number(count));
      oldest.set(Math.max(0, ...own.map(({ oldestSeconds }) => oldestSeconds)));
      // Read from the database: a process that crashes repeatedly would start at 0 each time.
      for (const topic of topics) takeovers.inc({ topic }, 0);
      for (const { topic, takeovers: count } of counts) {
        if (topics.has(topic)) takeovers.inc({ topic }, Number(count));
      }
    },
  };
}
