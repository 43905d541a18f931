import { randomUUID } from 'node:crypto';
import {
  committedOffsets,
  createMissingTopics,
  describeTopics,
  logOffsets,
  openAdmin,
} from '@latchkey/kafka';
import { expect, test } from 'vitest';
import { local } from '../support/kafka-clients.ts';

const TOPICS = 5;
const PARTITIONS = 3;
const ROUNDS = 40;

test('offsets of several topics, asked for at once by one client, are those of every partition', async () => {
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

  // As a relay does that takes all of them over: kafkajs keeps the metadata of the last topic that was asked about.
  const found = await Promise.all(
    names.map(async (topic) => {
      const seen = new Set<string>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const partitions = (await describeTopics(admin, [topic])).get(topic)?.partitions ?? 0;
        const committed = await committedOffsets(admin, group, topic, partitions);
        const logs = await logOffsets(admin, topic, partitions);
        seen.add(`${partitions} ${committed.size} ${logs.size}`);
      }
      return [...seen];
    }),
  );
  expect(found).toEqual(names.map(() => [`${PARTITIONS} ${PARTITIONS} ${PARTITIONS}`]));
});
