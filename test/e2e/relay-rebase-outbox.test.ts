import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { checkMessages } from '../support/checks.ts';
import type { TestDatabase } from '../support/database.ts';
import { openOutbox } from '../support/outbox.ts';
import type { OutputMessage } from '../support/output-reader.ts';
import { spawnService } from '../support/process.ts';
import { killWhileWaiting, whileWaiting } from '../support/relay-lock.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

const WAITING = 12_000;
/** Eight processes start in sequence. */
const LIMIT_MS = 240_000;

test('rebase repairs a gap in the outbox, and a last message that the topic has deleted', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const first = await outbox.start();
  await outbox.append('access', 5);
  await outbox.append('lifecycle', 5);
  await outbox.publishedOnce(['access', 'lifecycle']);
  await first.end('SIGTERM');
  await outbox.append('access', 5);
  await outbox.database.query(DELETE_POSITIONS, [outbox.topics.names.access, 7, 7]);
  await outbox.database.query(DELETE_POSITIONS, [outbox.topics.names.lifecycle, 4, 5]);
  // One lane was reset to that position; for the other it was not recorded yet.
  await outbox.database.query(NOTE, [outbox.topics.names.lifecycle, 3]);
  await outbox.database.query(NOTE, [outbox.topics.names.access, 2]);
  await deleteRecords(outbox.topics.names.lifecycle);
  const before = (await outbox.read()).length;

  const done = await runLatchkey(outbox.env, 'relay', 'rebase', '--json');

  // Three of 6, 8, 9 and 10 have a new position, in each of three lanes.
  expect(JSON.parse(done.stdout)).toMatchObject({ epoch: 1, topics: 2, renumbered: 9 });
  await outbox.start();
  await outbox.append('lifecycle', 2);
  await expect.poll(async () => (await outbox.read()).length).toBe(before + 3 * (4 + 2));
  const check = checkMessages(await outbox.read()).find(({ name }) => name.includes('contiguous'));
  expect(check?.holds, check?.found).toBe(true);
});

test('a last message that only the outbox has lost is copied from the topic', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const first = await outbox.start();
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access']);
  await first.end('SIGTERM');
  // The database has recorded it as published.
  await outbox.database.query(DELETE_POSITIONS, [outbox.topics.names.access, 5, 5]);

  const done = await runLatchkey(outbox.env, 'relay', 'rebase', '--json');

  expect(JSON.parse(done.stdout)).toMatchObject({ epoch: 1, topics: 1, renumbered: 0 });
  await outbox.start();
  await outbox.append('access', 1);
  expect(await outbox.publishedOnce(['access'])).toHaveLength(3 * 6);
});

test('the second of two concurrent rebases has nothing to do', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const { database } = outbox;
  const { access } = outbox.topics.names;
  const relay = await outbox.start();
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access']);
  await relay.end('SIGTERM');
  await database.query(DELETE_POSITIONS, [access, 5, 5]);
  await database.query(NOTE, [access, 4]);
  const rebase = () => runLatchkey(outbox.env, 'relay', 'rebase');
  let second: ReturnType<typeof rebase> | undefined;

  const first = await whileWaiting(database, LOCKS[0], rebase, async () => {
    second = rebase();
    await expect.poll(() => askingForTopics(database)).toBe(1);
  });

  expect(first.stdout).toContain('1 topics mended');
  expect((await second)?.stdout).toContain('nothing to rebase');
  expect(await database.query('select epoch from output_state')).toEqual([{ epoch: 1 }]);
});

test('a long lost history is searched in the topic', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const first = await outbox.start();
  await outbox.append('access', 3_000, 10);
  await outbox.publishedOnce(['access']);
  await first.end('SIGTERM');
  const { access } = outbox.topics.names;
  await outbox.database.query(DELETE_POSITIONS, [access, 101, 3_000]);
  await outbox.database.query(NOTE, [access, 100]);
  await outbox.append('access', 50, 10);

  const done = await runLatchkey(outbox.env, 'relay', 'rebase', '--json');

  // The 50 messages of each lane have the ids and contents of published ones: common history.
  expect(JSON.parse(done.stdout)).toMatchObject({ epoch: 1, topics: 1, renumbered: 0 });
  await outbox.start();
  await outbox.append('access', 5, 10);
  const messages = await outbox.publishedOnce(['access']);
  expect(messages).toHaveLength(3 * 3_005);
});

test(
  'a rebase moves unpublished messages in pieces; after a kill at any piece, relays publish nothing until another run has finished',
  async () => {
    await using outbox = await openOutbox(inject('brokers'));
    const { database, env } = outbox;
    const { access } = outbox.topics.names;
    const first = await outbox.start();
    await outbox.append('access', 5);
    await outbox.publishedOnce(['access']);
    await first.end('SIGTERM');
    await database.query(DELETE_POSITIONS, [access, 3, 5]);
    await database.query(NOTE, [access, 2]);
    await database.query(APPEND_OTHERS, [access, WAITING]);
    const relay = await outbox.spawn();
    const before = (await outbox.read()).length;

    for (const lock of LOCKS) {
      await killWhileWaiting(database, lock, () =>
        spawnService('operator', { env, args: ['relay', 'rebase'] }),
      );
      // It checks again after it has locked the topic.
      await refusedAgain(database, access);
      await database.query(APPEND_OTHERS, [access, 1]);
    }

    const [moved] = await database.query<{ n: number }>(
      'select count(*)::integer as n from outbox where position > $1 + 5',
      [WAITING],
    );
    expect(moved?.n).toBeGreaterThan(0);
    expect((await outbox.read()).length).toBe(before);
    expect(await runLatchkey(env, 'relay', 'rebase')).toMatchObject({ code: 0, stderr: '' });
    expect((await runLatchkey(env, 'relay', 'rebase')).stdout).toContain('nothing to rebase');
    const last = WAITING + LOCKS.length;
    await expect.poll(async () => (await outbox.read()).length).toBe(before + 3 * last);
    for (const { name, found, holds } of checkMessages(await outbox.read())) {
      expect(holds || name.includes('generation'), `${name}: ${found}`).toBe(true);
    }
    expect(inOrder(await outbox.read())).toBe(true);
    expect(relay.output()).toContain('topic acquired');
  },
  LIMIT_MS,
);

test('a rebase does not start before the inputs are processed, except with --now', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const { database, env, topics } = outbox;
  const relay = await outbox.start();
  await outbox.append('access', 1);
  await outbox.publishedOnce(['access']);
  await relay.end('SIGTERM');
  const topic = topics.names['workforce-events'];
  await using producer = await openProducer();
  await producer.send({ topic, messages: [{ value: 'unread' }] });
  const rebase = (more: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    runLatchkey({ ...env, ...more }, 'relay', 'rebase', '--all', ...args);

  const lagging = await rebase({});
  expect(lagging.code).toBe(1);
  expect(lagging.stderr).toContain('INPUTS_LAG');
  expect(lagging.stderr).toContain(`${topic}/0: taken to 0 of 1`);
  const lost = await rebase({ TOPIC_WORKFORCE_EVENTS: 'lost', TOPIC_VERIFICATION_EVENTS: 'none' });
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain('lost: there is no such topic');
  expect(await database.query('select epoch from output_state')).toEqual([{ epoch: 0 }]);

  const done = await rebase({ TOPIC_WORKFORCE_EVENTS: 'lost' }, '--now', '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ epoch: 1 });
});

async function openProducer(): Promise<Producer & AsyncDisposable> {
  const kafka = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return Object.assign(producer, { [Symbol.asyncDispose]: () => producer.disconnect() });
}

/** Locks at which the rebase is killed, in order: rows of pieces in the middle of the first and the last lane. */
const LOCKS = [
  'lock table relay_position in share mode',
  'select from outbox where position = 6000 for update',
  'select from outbox where lane = (select max(lane) from outbox) and position = 1000 for update',
] as const;

/** Appends $2 rows with unique ids to each lane of the topic $1; payloads contain the order. */
const APPEND_OTHERS = `
  insert into outbox (lane, position, ce_id, key, headers, payload, generation)
  select lane, head + n, id, id,
    json_build_object('ce_id', id, 'ce_type', 'test', 'lk_generation', '1'),
    json_build_object('at', clock_timestamp()), 1
  from (
    select lane, (select max(position) from outbox where outbox.lane = outbox_lane.lane) as head
    from outbox_lane where topic = $1 offset 0
  ) as lanes, generate_series(1, $2::integer) as n, lateral (select gen_random_uuid() as id where n + lane > 0) as ids`;

/** Number of commands that wait for another one to release a topic. */
async function askingForTopics(database: TestDatabase): Promise<number> {
  const rows = await database.query(
    `select from pg_stat_activity where datname = current_database() and state = 'idle'
       and application_name = 'latchkey-operator' and query like '%as acquired offset 0%'`,
  );
  return rows.length;
}

/** Waits until the relay has checked the topic again and refused it. */
async function refusedAgain(database: TestDatabase, topic: string): Promise<void> {
  await database.query(
    'update relay_topic set refused_code = null, refused_at = null where topic = $1',
    [topic],
  );
  const code = async (): Promise<string | null | undefined> => {
    const rows = await database.query<{ code: string | null }>(
      'select refused_code as code from relay_topic where topic = $1',
      [topic],
    );
    return rows[0]?.code;
  };
  await expect.poll(code).toMatch(/^RELAY_(ROW_MISSING|ANCHOR_DIFFERS)$/);
}

/** True if the messages of each partition are in the order of their appends. */
function inOrder(messages: readonly OutputMessage[]): boolean {
  const lanes = Map.groupBy(messages, ({ partition }) => partition);
  return [...lanes.values()].every((lane) => {
    const times = lane.map(({ data }) => (typeof data['at'] === 'string' ? data['at'] : ''));
    return times.every((time, at) => at === 0 || (times[at - 1] ?? '') <= time);
  });
}

const DELETE_POSITIONS = `
  delete from outbox using outbox_lane
  where outbox.lane = outbox_lane.lane and topic = $1 and position between $2 and $3`;

const NOTE = `
  update relay_position set published_through = $2 from outbox_lane
  where outbox_lane.lane = relay_position.lane and topic = $1`;

/** Deletes records, as the retention of the topic does. */
async function deleteRecords(topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
  await admin.deleteTopicRecords({ topic, partitions });
  await admin.disconnect();
}
