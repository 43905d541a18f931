import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { local, produce } from '../support/kafka-clients.ts';
import { type ChildService, spawnService } from '../support/process.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem } from '../support/system.ts';
import { recreateTopic } from '../support/topics.ts';

function joiners(prefix: string, count: number): readonly SentEvent[] {
  return Array.from({ length: count }, (_, index) =>
    hrEvent('joined', `${prefix}${index}`, 1, {
      startsAt: inDays(-9),
      attributes: employee('Sales'),
    }),
  );
}

async function stoppedCode(system: TestSystem): Promise<string | undefined> {
  const [row] = await system.database.query<{ stopped_code: string }>(
    'select stopped_code from intake_progress where stopped_code is not null',
  );
  return row?.stopped_code;
}

async function administer(
  work: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>,
): Promise<void> {
  const admin = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

/** Accepts the finding that `progress show` reports for the first partition of the topic. */
async function accept(
  { env }: TestSystem,
  topic: string,
  ...more: readonly string[]
): Promise<string> {
  const shown = await runLatchkey(env, 'progress', 'show', '--json');
  const rows = shown.stdout.trim().split('\n');
  const progress = rows.map(
    (row) => JSON.parse(row) as { topic: string; findingId: string | null },
  );
  const finding = progress.find((row) => row.topic === topic)?.findingId ?? '';
  const args = ['progress', 'accept', topic, '0', '--finding', finding, ...more];
  return (await runLatchkey(env, ...args)).stdout;
}

/** The answer of `/readyz`; empty while the service does not listen. */
async function readiness({ address }: ChildService): Promise<string> {
  return fetch(`${address}/readyz`).then(
    (response) => response.text(),
    () => '',
  );
}

async function appliedOf(system: TestSystem): Promise<number> {
  const [row] = await system.database.query<{ n: number }>('select count(*)::int as n from fact');
  return row?.n ?? -1;
}

test('a log that starts after our position stops the partition until it is accepted', async () => {
  await using system = await openSystem({ partitions: 1 });
  const topic = system.topics.names['workforce-events'];
  await system.send(...joiners('a', 5));
  await system.settled();
  await system.killReconciler();
  await system.send(...joiners('lost', 5));
  await administer(async (admin) => {
    // Makes kafkajs load the leader of the partition, without which it fails.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '8' }] });
  });
  const waiting = system.start('reconciler').catch(() => undefined);
  await expect.poll(() => stoppedCode(system)).toBe('LOG_STARTS_AFTER');
  expect(await accept(system, topic)).toContain('goes on at 8');
  await waiting;
  await expect.poll(() => appliedOf(system)).toBe(7);
});

test('a recreated topic stops its partition: it ends before our position', async () => {
  await using system = await openSystem({ partitions: 1 });
  const topic = system.topics.names['workforce-events'];
  await system.send(...joiners('a', 5));
  await system.settled();
  await system.killReconciler();
  await recreateTopic(inject('brokers'), topic);
  const waiting = system.start('reconciler').catch(() => undefined);
  await expect.poll(() => stoppedCode(system)).toBe('LOG_ENDS_BEFORE');
  await accept(system, topic);
  await waiting;
  await system.send(...joiners('b', 3));
  await expect.poll(() => appliedOf(system)).toBe(8);
});

test('another log with as many records is recognised by its last record', async () => {
  await using system = await openSystem({ partitions: 1 });
  const topic = system.topics.names['workforce-events'];
  await system.send(...joiners('a', 5));
  await system.settled();
  await system.killReconciler();
  await recreateTopic(inject('brokers'), topic);
  await system.send(...joiners('other', 9));
  void system.start('reconciler').catch(() => undefined);
  await expect.poll(() => stoppedCode(system)).toBe('LOG_DIFFERS');
  await accept(system, topic);
  await expect.poll(() => appliedOf(system)).toBe(14);
});

test('an undecodable record batch stops its partition and is reported, until it is skipped', async () => {
  await using system = await openSystem({ partitions: 1 });
  const topic = system.topics.names['workforce-events'];
  await system.send(...joiners('a', 5));
  await system.settled();
  const bomb = 'x'.repeat(33 * 1024 * 1024);
  await produce(local(), topic, [bomb], { compression: CompressionTypes.ZSTD });
  await expect.poll(() => stoppedCode(system)).toBe('BATCH_UNREADABLE');
  await expect
    .poll(() => readiness(system.reconciler()))
    .toContain(`"partition ${topic}/0","why":"BATCH_UNREADABLE: offsets 5 to 5 cannot be decoded`);
  await accept(system, topic);
  await expect.poll(() => stoppedCode(system)).toBe('BATCH_UNREADABLE');
  const skipped = await accept(system, topic, '--from', '6');
  expect(skipped).toContain('goes on at 6');
  expect(skipped).toContain('offsets 5 to 5 are skipped');
  await system.send(...joiners('b', 3));
  await expect.poll(() => appliedOf(system)).toBe(8);
  await expect.poll(() => readiness(system.reconciler())).toContain('"ready":true');
});

test('missing input topics: the reconciler waits, not ready, and starts when they exist', async () => {
  await using system = await openSystem({ partitions: 1 });
  const late = `${system.topics.names['workforce-events']}.late`;
  await using waiting = await spawnService('reconciler', {
    env: { ...system.env, TOPIC_WORKFORCE_EVENTS: late, GROUP_ID: late },
  });
  await expect.poll(() => readiness(waiting)).toContain(`waiting for ${late}`);
  await administer((admin) => admin.createTopics({ topics: [{ topic: late, numPartitions: 1 }] }));
  await expect.poll(() => readiness(waiting)).toContain('"ready":true');
  await waiting.end('SIGTERM');
  await administer((admin) => admin.deleteTopics({ topics: [late] }));
});
