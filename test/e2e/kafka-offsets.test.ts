import { randomUUID } from 'node:crypto';
import {
  createMissingTopics,
  describeTopics,
  openAdmin,
  readCommittedOffsets,
  readLogOffsets,
  readWrittenOffsets,
} from '@latchkey/kafka';
import { expect, inject, test } from 'vitest';
import { local } from '../support/kafka-clients.ts';
import { openTransaction } from '../support/open-transaction.ts';

const TOPICS = 5;
const PARTITIONS = 3;
const ROUNDS = 40;

test('offsets of several topics, read concurrently by one client, are complete', async () => {
  const group = `offsets-${randomUUID()}`;
  const names = Array.from({ length: TOPICS }, (_, index) => `offsets-${index}-${randomUUID()}`);
  await using admin = await openAdmin(local());
  const wanted = { partitions: PARTITIONS, replicas: undefined, settings: {} };
  await createMissingTopics(
    admin,
    names.map((name) => ({ name, ...wanted })),
  );
  const offsets = Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    offset: '7',
  }));
  for (const topic of names) await admin.setOffsets({ groupId: group, topic, partitions: offsets });

  // Like a relay that acquires all of them: kafkajs keeps the metadata of the topic of the last call.
  const found = await Promise.all(
    names.map(async (topic) => {
      const seen = new Set<string>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const partitions = (await describeTopics(admin, [topic])).get(topic)?.partitions ?? 0;
        const committed = await readCommittedOffsets(admin, group, topic, partitions);
        const logs = await readLogOffsets(admin, topic, partitions);
        seen.add(`${partitions} ${committed.size} ${logs.size}`);
      }
      return [...seen];
    }),
  );
  expect(found).toEqual(names.map(() => [`${PARTITIONS} ${PARTITIONS} ${PARTITIONS}`]));
});

test('records of an open transaction count as written, and not as readable', async () => {
  const topic = `open-${randomUUID()}`;
  await using admin = await openAdmin(local());
  await createMissingTopics(admin, [
    { name: topic, partitions: PARTITIONS, replicas: undefined, settings: {} },
  ]);
  await using open = await openTransaction(inject('brokers'), topic, 1);

  const endsOf = async (read: typeof readLogOffsets) => {
    const offsets = await read(admin, topic, PARTITIONS);
    // The broker returns them in no order.
    return Array.from({ length: PARTITIONS }, (_, partition) => {
      const found = offsets.get(partition);
      return [found?.start, found?.end];
    });
  };
  const [none, written] = [
    [0n, 0n],
    [0n, 1n],
  ];
  const [committed, all] = await Promise.all([endsOf(readLogOffsets), endsOf(readWrittenOffsets)]);
  expect(committed).toEqual([none, none, none]);
  expect(all).toEqual([none, written, none]);

  await open.abort();
  // The marker is a record, too.
  await expect.poll(() => endsOf(readLogOffsets)).toEqual([none, [0n, 2n], none]);
  expect(await endsOf(readWrittenOffsets)).toEqual([none, [0n, 2n], none]);
});
