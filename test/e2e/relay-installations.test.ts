import { createMissingTopics, openAdmin, readLogOffsets } from '@latchkey/kafka';
import {
  acquireTopic,
  type PublishedRecord,
  RELAY_GROUP,
  readPublishedTail,
} from '@latchkey/publication';
import { expect, inject, test } from 'vitest';
import { APPEND_ROWS } from '../support/append-rows.ts';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { connection, local, log, setUp } from '../support/kafka-clients.ts';
import { type CommandResult, runLatchkey } from '../support/run-latchkey.ts';
import { openTestRelay, type TestRelay } from '../support/test-relay.ts';

const PARTITIONS = 2;
const OTHER_OUTPUTS = ['LIFECYCLE', 'VERIFICATIONS', 'REVIEWS', 'DEAD_LETTERS'] as const;

test('an unpublished topic is owned by the first installation: another one is refused, and fences no relay', async () => {
  const { topic } = await setUp(PARTITIONS);
  await using database = await createTestDatabase();
  await using other = await anotherInstallation();
  await using first = await openTestRelay(database, topic, PARTITIONS);
  await expect.poll(() => first.acquired()).toBe(1);
  await expect.poll(() => committedTo(topic)).toHaveLength(PARTITIONS);
  await using second = await openTestRelay(other, topic, PARTITIONS);
  await other.query(APPEND_ROWS, [topic, 5, 'other']);
  await refusedWith(second, 'RELAY_INSTALLATION_DIFFERS');

  await append(database, topic, 5);

  expect(await recordsOf(topic)).toHaveLength(PARTITIONS * 5);
  // A command of it is refused too, with any options.
  const named = ['--topic', topic, '--partition', '0', '--from', '1'];
  expect(await run(other, topic, 'relay', 'replay', ...named)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('RELAY_INSTALLATION_DIFFERS') as string,
  });
  await append(database, topic, 5);
  expect(await recordsOf(topic)).toHaveLength(PARTITIONS * 10);
  undisturbed(first);
  expect(second.acquired()).toBe(0);
});

test('a restored copy beside the running database is refused, and fences no relay', async () => {
  const { topic } = await setUp(PARTITIONS);
  await using database = await createTestDatabase();
  {
    await using early = await openTestRelay(database, topic, PARTITIONS);
    await append(database, topic, 5);
    undisturbed(early);
  }
  await using backup = await copyTestDatabase(database);
  await using first = await openTestRelay(database, topic, PARTITIONS);
  await append(database, topic, 5);

  await using second = await openTestRelay(backup, topic, PARTITIONS);
  await refusedWith(second, 'RELAY_ROW_MISSING');
  // The copy appends as many messages itself.
  await backup.query(APPEND_ROWS, [topic, 7, 'restored']);
  await refusedWith(second, 'RELAY_ANCHOR_DIFFERS');

  await append(database, topic, 5);
  undisturbed(first);
  expect(await recordsOf(topic)).toHaveLength(PARTITIONS * 15);
});

test('positions that an older version has committed are accepted and claimed', async () => {
  const { topic } = await setUp(PARTITIONS);
  await using database = await createTestDatabase();
  {
    await using early = await openTestRelay(database, topic, PARTITIONS);
    await append(database, topic, 5);
    undisturbed(early);
  }
  const claimed = await committedTo(topic);
  const older = claimed.map((metadata) => metadata.split(' ').slice(0, 3).join(' '));
  await commitOlder(topic, older);
  expect(await committedTo(topic)).toEqual(older);

  await using later = await openTestRelay(database, topic, PARTITIONS);

  await expect.poll(() => committedTo(topic)).toEqual(claimed);
  await append(database, topic, 5);
  expect(await recordsOf(topic)).toHaveLength(PARTITIONS * 10);
  undisturbed(later);
});

test('an installation that replaces another one continues after its messages', async () => {
  const { topic } = await setUp(PARTITIONS);
  await using database = await createTestDatabase();
  {
    await using early = await openTestRelay(database, topic, PARTITIONS);
    await append(database, topic, 5);
    undisturbed(early);
  }
  await using other = await anotherInstallation();
  await using second = await openTestRelay(other, topic, PARTITIONS);
  await refusedWith(second, 'RELAY_INSTALLATION_DIFFERS');
  await other.query(APPEND_ROWS, [topic, 3, 'other']);
  await other.query('update outbox set ce_id = gen_random_uuid()');

  await prepareOthers(other, topic);

  const lagging = await run(other, topic, 'relay', 'rebase', '--take-over');
  expect(lagging.stderr).toContain('INPUTS_LAG');
  expect(lagging.stderr).toContain('there is no such topic');

  const rebased = await run(other, topic, 'relay', 'rebase', '--take-over', '--now');

  expect(rebased).toMatchObject({ code: 0, stderr: '' });
  expect(rebased.stdout).toContain('epoch 1; 5 topics mended');
  await expect.poll(() => unpublished(other)).toBe(0);
  const positions = [...(await tailsOf(topic)).values()].map((own) =>
    own.map(({ position }) => Number(position)),
  );
  expect(positions).toEqual(Array(PARTITIONS).fill([1, 2, 3, 4, 5, 6, 7, 8]));
  await using late = await openTestRelay(database, topic, PARTITIONS);
  await refusedWith(late, 'RELAY_INSTALLATION_DIFFERS');
  await append(other, topic, 2);
  undisturbed(second);
});

/** A separately migrated database, with a different installation id. */
async function anotherInstallation(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.query('update output_state set installation_id = gen_random_uuid()');
  return database;
}

/** Prepares the outputs other than `access`, which are unpublished. */
async function prepareOthers(database: TestDatabase, access: string): Promise<void> {
  const topics = OTHER_OUTPUTS.map((name) => `${access}.${name}`);
  await using admin = await openAdmin(local());
  await createMissingTopics(
    admin,
    topics.map((name) => ({ name, partitions: PARTITIONS, replicas: undefined, settings: {} })),
  );
  await database.query(
    `insert into outbox_lane (topic, partition)
     select topic, n from unnest($1::text[]) as topic, generate_series(0, $2::integer - 1) as n`,
    [topics, PARTITIONS],
  );
}

/** Appends to each lane, and waits until everything is published. */
async function append(database: TestDatabase, topic: string, rowsPerLane: number): Promise<void> {
  await database.query(APPEND_ROWS, [topic, rowsPerLane, 'own']);
  await expect.poll(() => unpublished(database)).toBe(0);
}

async function unpublished(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(`
    select count(*)::integer as n from outbox left join relay_position using (lane)
    where position > coalesce(published_through, 0)`);
  return row?.n ?? -1;
}

/** Waits until the next checks of the relay refuse with this code. */
async function refusedWith(relay: TestRelay, code: string): Promise<void> {
  const before = relay.refusals().length;
  await expect.poll(() => relay.refusals().length).toBeGreaterThan(before + 1);
  expect(relay.refusals().at(-1)?.code).toBe(code);
}

function undisturbed(relay: TestRelay): void {
  expect(relay.failures()).toEqual([]);
  expect(relay.acquired()).toBe(1);
}

function run(
  { url }: TestDatabase,
  topic: string,
  ...args: readonly string[]
): Promise<CommandResult> {
  const env = {
    DATABASE_URL: url,
    KAFKA_BROKERS: inject('brokers').join(','),
    TOPIC_ACCESS: topic,
    ...Object.fromEntries(OTHER_OUTPUTS.map((name) => [`TOPIC_${name}`, `${topic}.${name}`])),
    OPERATOR: 'grace',
  };
  return runLatchkey(env, ...args);
}

/** Metadata committed with the relay's positions, by partition. */
async function committedTo(topic: string): Promise<readonly string[]> {
  await using admin = await openAdmin(local());
  const [offsets] = await admin.fetchOffsets({ groupId: RELAY_GROUP, topics: [topic] });
  return (offsets?.partitions ?? [])
    .filter(({ offset }) => Number(offset) >= 0)
    .toSorted((a, b) => a.partition - b.partition)
    .map(({ metadata }) => metadata ?? '');
}

/** Commits the metadata of a version without installation ids, at the current positions. */
async function commitOlder(topic: string, metadata: readonly string[]): Promise<void> {
  await using admin = await openAdmin(local());
  const kafka = { kafkaSettings: connection(), admin, log };
  await using producer = await acquireTopic(kafka, topic);
  const [offsets] = await admin.fetchOffsets({ groupId: RELAY_GROUP, topics: [topic] });
  await producer.begin();
  await producer.sendOffsets(
    RELAY_GROUP,
    topic,
    (offsets?.partitions ?? []).map(({ partition, offset }) => ({
      partition,
      offset: BigInt(offset),
      metadata: metadata[partition] ?? '',
    })),
  );
  await producer.commit();
}

async function recordsOf(topic: string): Promise<readonly PublishedRecord[]> {
  return [...(await tailsOf(topic)).values()].flat();
}

/** All published records, by partition. */
async function tailsOf(topic: string): Promise<ReadonlyMap<number, readonly PublishedRecord[]>> {
  await using admin = await openAdmin(local());
  const logs = await readLogOffsets(admin, topic, PARTITIONS);
  const wanted = [...logs].map(([partition, own]) => [partition, { log: own, back: 0n }] as const);
  const kafka = { kafkaSettings: connection(), admin, log };
  const tails = new Map<number, readonly PublishedRecord[]>();
  await readPublishedTail(kafka, topic, new Map(wanted), {
    process: (partition, records) => {
      tails.set(partition, [...(tails.get(partition) ?? []), ...records]);
      return Promise.resolve();
    },
  });
  return tails;
}
