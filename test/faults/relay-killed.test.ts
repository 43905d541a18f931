import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { openOutbox, type TestOutbox } from '../support/outbox.ts';

test('a relay that is killed during transactions publishes everything exactly once', async () => {
  await using outbox = await openOutbox(inject('brokers'), { TRANSACTION_MAX_ROWS: '300' });
  let kills = 0;
  for (let sent = 0; kills < 3 || (await countAborted(outbox)) <= 0; kills += 1) {
    expect(kills).toBeLessThan(20);
    const relay = await outbox.start();
    const before = (await outbox.read()).length;
    await outbox.append('access', 2_000);
    sent += 2_000;
    await expect.poll(async () => (await outbox.read()).length).toBeGreaterThan(before + 600);
    await relay.end('SIGKILL');
    expect((await outbox.read()).length).toBeLessThan(sent * outbox.partitions);
  }

  await outbox.start();

  await outbox.publishedOnce(['access']);
});

test('a relay that is stopped during a transaction and resumes writes nothing', async () => {
  await using outbox = await openOutbox(inject('brokers'), { TRANSACTION_MAX_ROWS: '300' });
  const zombie = await outbox.start();
  const standby = await outbox.start();
  await outbox.append('access', 5_000);
  await expect.poll(async () => (await outbox.read()).length).toBeGreaterThan(900);
  zombie.signal('SIGSTOP');

  await expect.poll(() => standby.output()).toContain('topic acquired');
  zombie.signal('SIGCONT');
  await outbox.append('access', 1_000);

  await outbox.publishedOnce(['access']);
  await expect.poll(() => zombie.output()).toContain('standing by');
  await outbox.append('access', 10);
  await outbox.publishedOnce(['access']);
});

/** Number of messages of the access topic in aborted transactions. */
async function countAborted({ topics, read }: TestOutbox): Promise<number> {
  const kafka = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin
    .fetchTopicOffsets(topics.names.access)
    .finally(() => admin.disconnect());
  const end = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  const seen = (await read()).filter(({ topic }) => topic === 'access').length;
  const transactions = Math.ceil(seen / 100);
  return end - seen - transactions;
}
