import { expect, test } from 'vitest';
import { openSystem } from '../support/system.ts';

test('the read-through age of the verification topic is measured at each poll', async () => {
  await using system = await openSystem();
  const reconciler = await system.start('reconciler');
  const seen = new Set<string>();

  await expect
    .poll(async () => {
      const metrics = await (await fetch(`${reconciler.address}/metrics`)).text();
      const [, age] = /latchkey_read_through_age_seconds\{.*\} (\S+)/.exec(metrics) ?? [];
      if (age !== undefined) seen.add(age);
      return seen.size;
    })
    .toBeGreaterThan(2);
});

test('the log reports when deadlines stop waiting for a stopped partition, and when they wait again', async () => {
  await using system = await openSystem();
  const reconciler = await system.start('reconciler');
  const topic = system.topics.names['verification-events'];
  const stop = (code: string | null, ago: string | null) =>
    system.database.query(
      `update intake_progress set stopped_code = $2, stopped_at = now() - $3::interval
        where topic = $1 and partition = 0`,
      [topic, code, ago],
    );
  const hasLogged = (text: string) => () => reconciler.output().includes(text);

  await expect
    .poll(() => system.database.query('select from intake_progress where topic = $1', [topic]))
    .not.toEqual([]);
  await stop('LOG_DIFFERS', '61 minutes');
  await expect.poll(hasLogged('deadlines do not wait for these stopped partitions')).toBe(true);
  expect(hasLogged('deadlines wait for all partitions again')()).toBe(false);
  await stop(null, null);
  await expect.poll(hasLogged('deadlines wait for all partitions again')).toBe(true);
  expect(reconciler.output().split('deadlines do not wait')).toHaveLength(2);
});
