import { type Admin, Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { openStack } from '../../tools/stack/open-stack.ts';
import { depose, leadersOf } from '../support/leaders.ts';
import { openOutbox } from '../support/outbox.ts';

const ROUNDS = 4;
const ROWS_PER_LANE = 1_500;

test('three brokers, moving leaders and a killed broker: no duplicate, no gap, no inversion', async () => {
  await using stack = await openStack({ brokers: 3, local: true });
  await using outbox = await openOutbox(stack.brokers, { TRANSACTION_MAX_ROWS: '600' });
  await using admin = await openAdmin(stack.brokers);
  await outbox.start();
  const topic = outbox.topics.names.access;

  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await leadersOf(admin, topic);
    const read = (await outbox.read()).length;
    await outbox.append('access', ROWS_PER_LANE);
    await expect.poll(async () => (await outbox.read()).length).toBeGreaterThan(read);
    await depose(admin, topic, before);
    await expect
      .poll(async () => (await leadersOf(admin, topic)).some((leader, at) => leader === before[at]))
      .toBe(false);
  }
  await outbox.append('access', ROWS_PER_LANE);
  await stack.killBroker(0);
  await outbox.append('access', ROWS_PER_LANE);
  await stack.startBroker(0);

  const messages = await outbox.publishedOnce(['access']);

  expect(messages).toHaveLength((ROUNDS + 2) * ROWS_PER_LANE * outbox.partitions);
});

async function openAdmin(brokers: readonly string[]): Promise<Admin & AsyncDisposable> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.disconnect() });
}
