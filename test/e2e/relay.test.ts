import type { OutputTopic } from '@latchkey/contracts';
import { expect, inject, test } from 'vitest';
import { openOutbox, type TestOutbox } from '../support/outbox.ts';

test('everything in the outbox is published once, in order, with its position', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const relay = await outbox.start();

  await outbox.append('access', 500);
  await outbox.append('lifecycle', 10);
  const messages = await outbox.publishedOnce(['access', 'lifecycle']);

  expect(messages).toHaveLength(510 * outbox.partitions);
  const [row] = await outbox.database.query<{ ce_id: string; key: string; payload: string }>(
    `select ce_id, key, payload from outbox join outbox_lane using (lane)
     where topic = $1 and partition = 1 and position = 7`,
    [outbox.topics.names.access],
  );
  expect(
    messages.find(
      ({ topic, partition, position }) => topic === 'access' && partition === 1 && position === 7n,
    ),
  ).toMatchObject({
    id: row?.ce_id,
    key: row?.key,
    data: JSON.parse(row?.payload ?? '') as unknown,
    headers: { ce_type: 'test', lk_position: '7', lk_generation: '1' },
  });
  expect(await relay.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a standby takes over when the relay is killed, and no message is lost or duplicated', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const first = await outbox.start();
  const second = await outbox.start();
  expect(second.output()).toContain('standing by');

  await outbox.append('access', 5_000);
  await expect.poll(async () => (await outbox.read()).length).toBeGreaterThan(0);
  await first.end('SIGKILL');

  await outbox.publishedOnce(['access']);
  expect(second.output()).toContain('topic acquired');
});

test('published messages are deleted after the retention, except for the last of each lane', async () => {
  await using outbox = await openOutbox(inject('brokers'), { OUTBOX_RETENTION_HOURS: '1' });
  const first = await outbox.start();
  await outbox.append('access', 6_000, 10);
  await outbox.append('lifecycle', 10);
  await outbox.publishedOnce(['access', 'lifecycle']);
  await first.end('SIGTERM');
  await outbox.database.query(
    `update outbox set appended_at = now() - interval '2 hours' from outbox_lane
     where outbox.lane = outbox_lane.lane and (topic = $1 or position < 4)`,
    [outbox.topics.names.access],
  );

  await outbox.start();

  const left = { access: { low: 6_000, rows: 1 }, lifecycle: { low: 4, rows: 7 } };
  await expect.poll(() => rowsLeft(outbox, 'access')).toEqual(Array(3).fill(left.access));
  await expect.poll(() => rowsLeft(outbox, 'lifecycle')).toEqual(Array(3).fill(left.lifecycle));
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access', 'lifecycle']);
});

function rowsLeft(
  { database, topics }: TestOutbox,
  topic: OutputTopic,
): Promise<readonly object[]> {
  return database.query(
    `select min(position)::integer as low, count(*)::integer as rows
     from outbox join outbox_lane using (lane) where topic = $1 group by lane order by lane`,
    [topics.names[topic]],
  );
}
