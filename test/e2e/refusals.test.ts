import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { spawnService } from '../support/process.ts';
import { createTestTopics } from '../support/topics.ts';

test('bad settings: exit code 2 and all problems at once', async () => {
  await using service = await spawnService('reconciler', {
    env: { DATABASE_URL: 'nonsense', LOG_LEVEL: 'loud', BATCH_MAX_EVENTS: '-1' },
  });
  expect(await service.exited).toMatchObject({ code: 2 });
  for (const name of ['DATABASE_URL', 'KAFKA_BROKERS', 'LOG_LEVEL', 'BATCH_MAX_EVENTS']) {
    expect(service.output()).toContain(name);
  }
});

test('a bad policy: exit code 2, naming line and rule', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-policy-'));
  const file = join(folder, 'policy.yaml');
  await writeFile(file, 'owner: iam\nrules:\n  - name: typo\n    when: departmnt == "Sales"\n');
  await using database = await createTestDatabase();
  await using service = await spawnService('reconciler', {
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: inject('brokers').join(','),
      POLICY_FILE: file,
    },
  });
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output()).toContain('POLICY_INVALID');
  expect(service.output()).toMatch(/line \d+/);
  await rm(folder, { recursive: true });
});

test('a verification topic that the senders stamp: exit code 2', async () => {
  await using database = await createTestDatabase();
  await using topics = await createTestTopics(inject('brokers'));
  await using service = await spawnService('reconciler', {
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: inject('brokers').join(','),
      ...topics.env,
      // This one is not LogAppendTime.
      TOPIC_VERIFICATION_EVENTS: topics.names['workforce-events'],
      TOPIC_WORKFORCE_EVENTS: topics.names['verification-events'],
    },
  });
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output()).toContain('TIMESTAMP_TYPE');
});

test('a compacted input topic, from which events would vanish: exit code 2', async () => {
  await using database = await createTestDatabase();
  await using topics = await createTestTopics(inject('brokers'));
  const compacted = `${topics.names['workforce-events']}.compacted`;
  const kafka = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
  await admin.createTopics({ topics: [{ topic: compacted, numPartitions: 1, configEntries }] });
  await using service = await spawnService('reconciler', {
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: inject('brokers').join(','),
      ...topics.env,
      TOPIC_WORKFORCE_EVENTS: compacted,
    },
  });
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output()).toContain('TOPIC_SETTING');
  expect(service.output()).toContain('cleanup.policy');
  await admin.deleteTopics({ topics: [compacted] });
  await admin.disconnect();
});

test('a database without the schema: exit code 2', async () => {
  await using service = await spawnService('reconciler', {
    env: { DATABASE_URL: inject('databaseUrl'), KAFKA_BROKERS: inject('brokers').join(',') },
  });
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output()).toContain('SCHEMA_OLD');
});

test.each(['reconciler', 'relay', 'operator'])('%s --help prints its settings', async (name) => {
  await using service = await spawnService(name, { env: {}, args: ['--help'] });
  expect(await service.exited).toMatchObject({ code: 0 });
  expect(service.output()).toContain('DATABASE_URL');
});
