import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMissingTopics, type TopicSetting } from '@latchkey/kafka';
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

test('a verification topic with timestamps of the senders: exit code 2', async () => {
  await using database = await createTestDatabase();
  await using topics = await createTestTopics(inject('brokers'));
  await using service = await spawnService('reconciler', {
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: inject('brokers').join(','),
      ...topics.env,
      // Not LogAppendTime.
      TOPIC_VERIFICATION_EVENTS: topics.names['workforce-events'],
      TOPIC_WORKFORCE_EVENTS: topics.names['verification-events'],
    },
  });
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output()).toContain('TIMESTAMP_TYPE');
});

/** Starts a reconciler whose workforce topic has these settings. Resolves when it ends or has logged `until`. */
async function startOn(
  config: Readonly<Partial<Record<TopicSetting, string>>>,
  until?: string,
): Promise<{ readonly code: number | null | undefined; readonly output: string }> {
  await using database = await createTestDatabase();
  await using topics = await createTestTopics(inject('brokers'));
  const topic = `${topics.names['workforce-events']}.other`;
  const kafka = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await createMissingTopics(admin, [
    { name: topic, partitions: 1, replicas: undefined, settings: config },
  ]);
  await using service = await spawnService('reconciler', {
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: inject('brokers').join(','),
      ...topics.env,
      OUTPUT_PARTITIONS: '1',
      TOPIC_WORKFORCE_EVENTS: topic,
    },
  });
  let code: number | null | undefined;
  void service.exited.then((exit) => {
    code = exit.code;
  });
  await expect
    .poll(() => code !== undefined || (until !== undefined && service.output().includes(until)))
    .toBe(true);
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  return { code, output: service.output() };
}

test('a compacted input topic, which would lose events: exit code 2', async () => {
  const { code, output } = await startOn({ 'cleanup.policy': 'compact' });
  expect(code).toBe(2);
  expect(output).toContain('TOPIC_SETTING');
  expect(output).toContain('cleanup.policy');
});

test('an input topic that keeps events for longer than the inbox: exit code 2, naming setting and topic', async () => {
  const days31 = String(31 * 86_400_000);
  const { code, output } = await startOn({ 'retention.ms': days31 });
  expect(code).toBe(2);
  expect(output).toContain('TOPIC_SETTING');
  expect(output).toContain('workforce-events.v1.other');
  expect(output).toContain(`retention.ms=${days31}`);
  expect(output).toContain('INBOX_RETENTION_DAYS=30');
});

test('an input topic that keeps events for ever is a warning', async () => {
  const warning = 'topic keeps events for longer than the inbox remembers them';
  const { code, output } = await startOn({ 'retention.ms': '-1' }, warning);
  expect(code).toBeUndefined();
  expect(output).toContain(warning);
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
