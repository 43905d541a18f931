import { expect, inject, test } from 'vitest';
import { openOutbox, type TestOutbox } from '../support/outbox.ts';
import { spawnService } from '../support/process.ts';
import { killWhileWaiting, whileWaiting } from '../support/relay-lock.ts';
import {
  audited,
  freshlyRead,
  positionsOf,
  publishAndStop,
  recreate,
  refused,
  replay,
  run,
} from '../support/replaying.ts';

const LOCK_POSITIONS = 'select from relay_position for update';

test('a replay that is killed halfway is finished by the next one', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  const { access } = outbox.topics.names;
  const args = ['relay', 'replay', '--topic', access, '--from', 'earliest'];
  const start = () => spawnService('operator', { env: { ...outbox.env, OPERATOR: 'grace' }, args });

  // The position is committed to Kafka, but not in the database.
  await killWhileWaiting(outbox.database, LOCK_POSITIONS, start);
  const relay = await outbox.spawn();
  await refused(relay, 'RELAY_POSITION_BEHIND');

  expect(await run(outbox, ...args)).toMatchObject({ code: 0 });
  const messages = await freshlyRead(outbox, 30);
  expect(positionsOf(messages, 0)).toEqual([1n, 2n, 3n, 4n, 5n, 1n, 2n, 3n, 4n, 5n]);
});

test('a replay that skips messages and is killed halfway is in the audit trail', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await outbox.append('access', 3);
  const { access } = outbox.topics.names;
  const args = ['relay', 'replay', '--topic', access, '--partition', '0', '--from', '7'];
  const start = () => spawnService('operator', { env: { ...outbox.env, OPERATOR: 'grace' }, args });

  await killWhileWaiting(outbox.database, LOCK_POSITIONS, start);

  // The position is committed to Kafka, and the relay continues from there.
  await outbox.start();
  await expect.poll(async () => (await outbox.read()).length).toBe(15 + 2 + 3 + 3);
  expect(await audited(outbox)).toEqual([{ decider: 'operator:grace', kind: 'replay_begun' }]);
});

test('replay reports when the retention deletes its anchor meanwhile, and can be run again', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await outbox.database.query('delete from outbox where position < 2');
  const { access } = outbox.topics.names;
  const args = ['--topic', access, '--from', 'earliest'];

  const beaten = await whileWaiting(
    outbox.database,
    LOCK_POSITIONS,
    () => replay(outbox, ...args),
    () => outbox.database.query('delete from outbox where position < 3'),
  );

  expect(beaten.code).toBe(1);
  expect(beaten.stderr).toContain('OUTBOX_NOT_KEPT');
  const again = await replay(outbox, ...args);
  expect(again.stdout).toContain(`${access}/0 goes on at 4`);
  await outbox.start();
  expect(positionsOf(await freshlyRead(outbox, 15 + 6), 0).slice(-2)).toEqual([4n, 5n]);
});

/** Leaves the state of a killed rebase that has moved some messages after the second one of each lane. */
async function simulateKilledRebase(outbox: TestOutbox): Promise<void> {
  await outbox.append('access', 3);
  const own = `lane in (select lane from outbox_lane where topic = '${outbox.topics.names.access}')`;
  await outbox.database.query(
    `update outbox set position = position + 10 where ${own} and position > 6`,
  );
  await outbox.database.query(`update relay_position set mending_after = 2 where ${own}`);
}

test('after an interrupted rebase that can continue, replay refuses every position', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await simulateKilledRebase(outbox);
  const args = ['--topic', outbox.topics.names.access];

  for (const from of [[], ['--from', 'earliest'], ['--from', 'latest']]) {
    const asked = await replay(outbox, ...args, ...from);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(/RELAY_ROW_MISSING.*move messages: relay rebase/s);
  }
});

test('after an interrupted rebase whose topic Kafka has lost, replay continues at a position with all messages', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  await publishAndStop(outbox);
  await simulateKilledRebase(outbox);
  const { access } = outbox.topics.names;
  await recreate(access);
  // The relay creates the missing topic.
  const relay = await outbox.spawn();
  await refused(relay, 'RELAY_TOPIC_SHORTER');

  const asked = await replay(outbox, '--topic', access);
  expect(asked.stderr).toMatch(/RELAY_ROW_MISSING.*move messages: give --from/s);
  expect(await replay(outbox, '--topic', access, '--from', 'earliest')).toMatchObject({ code: 0 });

  const { query } = outbox.database;
  expect(await query('select from relay_position where mending_after is not null')).toEqual([]);
  await outbox.start();
  const messages = await freshlyRead(outbox, 24);
  expect(positionsOf(messages, 0)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
});
