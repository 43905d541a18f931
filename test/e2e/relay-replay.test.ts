import { RELAY_GROUP } from '@latchkey/publication';
import { expect, inject, test } from 'vitest';
import { forgetOffsets } from '../support/forget-offsets.ts';
import { local, produce } from '../support/kafka-clients.ts';
import { openOutbox, type TestOutbox } from '../support/outbox.ts';
import {
  audited,
  deleteRecords,
  freshlyRead,
  moveBack,
  positionsOf,
  publishAndStop,
  recreate,
  refused,
  replay,
  run,
} from '../support/replaying.ts';

test('offsets that the brokers have lost are known to the database: nothing is repeated', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await forgetOffsets(inject('brokers'), RELAY_GROUP, outbox.topics.names.access, 3);

  await outbox.start();

  await outbox.append('access', 5);
  expect(await outbox.publishedOnce(['access'])).toHaveLength(30);
});

test('if Kafka has lost a commit, replay continues after the last message and repeats nothing', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await moveBack(outbox, 3n);
  const relay = await outbox.spawn();
  await refused(relay, 'RELAY_POSITION_BEHIND');

  const replayed = await replay(outbox);

  expect(replayed).toMatchObject({ code: 0, stderr: '' });
  expect(replayed.stdout).toContain(`${outbox.topics.names.access}/0 goes on at 6`);
  await outbox.append('access', 5);
  expect(await outbox.publishedOnce(['access'])).toHaveLength(30);
  expect(await audited(outbox)).toEqual([
    { decider: 'operator:grace', kind: 'replay_begun' },
    { decider: 'operator:grace', kind: 'replayed' },
  ]);
  // No topic is refused now.
  expect((await replay(outbox)).stdout).toContain('nothing to replay');
});

test.each([
  ['nothing of ours', {}],
  ['a position alone', { lk_position: '1' }],
  ['numbers that are none', { lk_position: '1', lk_generation: 'abc', ce_id: 'x' }],
  ['an id that is none', { lk_position: '1', lk_generation: '1', ce_id: 'x' }],
])('foreign records after the last message are skipped: %s', async (_, headers) => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  const { access } = outbox.topics.names;
  await produce(local(), access, ['no message of a relay'], { headers });
  await moveBack(outbox, 3n);

  const replayed = await replay(outbox);

  expect(replayed).toMatchObject({ code: 0, stderr: '' });
  for (const partition of [0, 1, 2]) {
    expect(replayed.stdout).toContain(`${access}/${partition} goes on at 6`);
  }
});

test('a missing topic is refused, with the next step', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  const { access } = outbox.topics.names;
  await recreate(access);

  const asked = await replay(outbox, '--topic', access);

  expect(asked.code).toBe(2);
  expect(asked.stderr).toMatch(/TOPIC_SETTING.*the topic does not exist/s);
});

test('a partition whose messages the topic has deleted continues at its position', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  const { access } = outbox.topics.names;
  await moveBack(outbox, 3n, 0);
  await deleteRecords(access, 1);

  const replayed = await replay(outbox);

  expect(replayed).toMatchObject({ code: 0, stderr: '' });
  for (const partition of [0, 1, 2]) {
    expect(replayed.stdout).toContain(`${access}/${partition} goes on at 6`);
  }
  await outbox.start();
  await outbox.append('access', 5);
  expect(await outbox.publishedOnce(['access'])).toHaveLength(30);
});

test('if Kafka lost one topic and the database another, replay repairs the one and names the other', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const relay = await outbox.start();
  await outbox.append('access', 5);
  await outbox.append('lifecycle', 5);
  await outbox.publishedOnce(['access', 'lifecycle']);
  await relay.end('SIGTERM');
  const { access, lifecycle } = outbox.topics.names;
  await outbox.database.query(
    `update outbox set payload = '{"other": true}' from outbox_lane as own
     where own.lane = outbox.lane and topic = $1 and position = 5`,
    [access],
  );
  await recreate(lifecycle);
  // The relay creates the missing topic.
  await refused(await outbox.spawn(), 'RELAY_TOPIC_SHORTER');

  const replayed = await replay(outbox);

  expect(replayed.code).toBe(0);
  expect(replayed.stdout).toContain(`! ${access}: RELAY_ANCHOR_DIFFERS`);
  expect(replayed.stdout).toContain(`${lifecycle}/0 goes on at 1`);
  const left = JSON.parse((await replay(outbox, '--json')).stdout) as object;
  expect(left).toMatchObject({ topic: access, refusedCode: 'RELAY_ANCHOR_DIFFERS' });
  expect((await run(outbox, 'relay', 'rebase')).stdout).toContain('1 topics mended');
});

test('a topic that was recreated in another cluster is filled with everything in the outbox', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await recreate(outbox.topics.names.access);
  await outbox.database.query('delete from outbox where position < 2');
  await outbox.database.query("update relay_topic set cluster_id = 'elsewhere' where topic = $1", [
    outbox.topics.names.access,
  ]);
  const relay = await outbox.spawn();
  await refused(relay, 'RELAY_CLUSTER_CHANGED');

  const replayed = await replay(
    outbox,
    '--topic',
    outbox.topics.names.access,
    '--from',
    'earliest',
  );

  expect(replayed).toMatchObject({ code: 0, stderr: '' });
  await outbox.append('access', 1);
  const messages = await freshlyRead(outbox, 12);
  expect(positionsOf(messages, 1)).toEqual([3n, 4n, 5n, 6n]);
  // The log lacks two positions, and the relay still continues after a restart.
  await relay.end('SIGTERM');
  await outbox.start();
  await outbox.append('access', 1);
  expect(positionsOf(await freshlyRead(outbox, 15), 2)).toEqual([3n, 4n, 5n, 6n, 7n]);
});

test('replay reports the messages that each partition keeps, and one call continues each from there', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await keepUnevenly(outbox);
  await recreate(outbox.topics.names.access);
  const relay = await outbox.spawn();
  await refused(relay, 'RELAY_TOPIC_SHORTER');
  const { access } = outbox.topics.names;

  const gone = await replay(outbox, '--topic', access);

  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain('OUTBOX_NOT_KEPT');
  expect(gone.stderr).toContain('partition 0: 1 is not kept, possible are 5 to 6');
  expect(gone.stderr).toContain('partition 1: possible are 1 to 6');
  // An anchor record replaces the message and still determines the position of the relay.
  expect(gone.stderr).toContain('partition 2: 1 is not kept, possible are 3 to 6');
  expect(gone.stderr).toContain('an earlier rebase');

  const done = await replay(outbox, '--topic', access, '--from', 'earliest');

  expect(done).toMatchObject({ code: 0, stderr: '' });
  const messages = await freshlyRead(outbox, 1 + 5 + 3);
  expect(positionsOf(messages, 0)).toEqual([5n]);
  expect(positionsOf(messages, 1)).toEqual([1n, 2n, 3n, 4n, 5n]);
  expect(positionsOf(messages, 2)).toEqual([3n, 4n, 5n]);
});

test('one call continues every partition after the messages of the outbox', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await outbox.database.query(
    'delete from outbox using outbox_lane as own where own.lane = outbox.lane and position > 5 - partition',
  );
  const { access } = outbox.topics.names;

  const done = await replay(outbox, '--topic', access, '--from', 'latest', '--json');

  expect(done).toMatchObject({ code: 0, stderr: '' });
  const placed = done.stdout.trim().split('\n');
  expect(placed.map((line) => (JSON.parse(line) as { from: string }).from)).toEqual([
    '6',
    '5',
    '4',
  ]);
});

test('a number without a partition, and a topic that a relay publishes, are refused', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  const { access } = outbox.topics.names;
  const before = await noted(outbox);

  const many = await replay(outbox, '--topic', access, '--from', '2');
  expect(many.code).toBe(2);
  expect(many.stderr).toContain(`--from: ${access} has 3 partitions`);
  expect(await noted(outbox)).toEqual(before);
  const one = await replay(outbox, '--topic', access, '--partition', '1', '--from', '2');
  expect(one).toMatchObject({
    code: 0,
    stdout: `${access}/1 goes on at 2; the outbox ends at 5\n`,
  });

  await outbox.start();
  const owned = await replay(outbox, '--topic', access);
  expect(owned.code).toBe(1);
  expect(owned.stderr).toContain('RELAY_HOLDS_TOPIC');
});

/** Keeps the last two messages of partition 0, all of 1, and of 2 those after one that a rebase has put in place of 2. */
async function keepUnevenly({ database }: TestOutbox): Promise<void> {
  const own = 'from outbox_lane as own where own.lane = outbox.lane';
  await database.query(
    `delete from outbox using outbox_lane as own where own.lane = outbox.lane
       and position < case partition when 0 then 4 when 1 then 1 else 2 end`,
  );
  await database.query(
    `update outbox set generation = 0, headers = '{}', payload = '{}' ${own} and partition = 2 and position = 2`,
  );
}

function noted({ database }: TestOutbox): Promise<readonly object[]> {
  return database.query('select lane, published_through from relay_position order by lane');
}
