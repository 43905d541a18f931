import { derivedId, epochOf, partitionOf } from '@latchkey/contracts';
import { RELAY_GROUP } from '@latchkey/publication';
import { expect, inject, test } from 'vitest';
import { checkMessages } from '../support/checks.ts';
import type { TestDatabase } from '../support/database.ts';
import { untilSame } from '../support/downstream.ts';
import { employee, HR, hrEvent, inDays, ivrEvent } from '../support/events.ts';
import { forgetOffsets } from '../support/forget-offsets.ts';
import { openTransaction } from '../support/open-transaction.ts';
import { killWhileWaiting } from '../support/relay-lock.ts';
import { openRestorable, type Restorable } from '../support/restorable.ts';

const PEOPLE = 30;

test('after a restore downstream converges, also if the backup is older than a rebase', async () => {
  await using latchkey = await openRestorable();
  const [backup, older] = await loseHistory(latchkey);
  await latchkey.restore(backup);
  await latchkey.start('reconciler');
  await latchkey.processed();
  const relay = await latchkey.spawn('relay');
  await expect.poll(() => refusedTopics(latchkey.database())).toBeGreaterThan(0);

  const first = await latchkey.run('relay', 'rebase');

  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('epoch 1;');
  await untilSame(latchkey.database(), latchkey.messages);
  await latchkey.published();
  expectContiguous(latchkey);
  expectNothingTwice(latchkey);
  expect(await restated(latchkey.database())).toEqual({ below: 0, audited: PEOPLE + 2 });
  expect(relay.output()).toContain('topic acquired');

  const before = latchkey.messages().length;
  const second = await latchkey.run('relay', 'rebase');
  expect(second).toMatchObject({ code: 0 });
  expect(second.stdout).toContain('nothing to rebase');

  await latchkey.send(moved(3, 9, 'Legal'));
  await latchkey.processed();
  await untilSame(latchkey.database(), latchkey.messages);
  expect(latchkey.messages().length).toBeGreaterThan(before);

  // This backup does not contain what was published in epoch 1.
  await latchkey.restore(older);
  await latchkey.start('reconciler');
  await latchkey.processed();
  await latchkey.spawn('relay');
  await expect.poll(() => refusedTopics(latchkey.database())).toBeGreaterThan(0);
  const third = await latchkey.run('relay', 'rebase', '--json');
  expect(JSON.parse(third.stdout)).toMatchObject({ epoch: 2, identities: PEOPLE });
  await untilSame(latchkey.database(), latchkey.messages);
  await latchkey.published();
  expectContiguous(latchkey);
});

test('a rebase that is killed at any moment is finished by the next one', async () => {
  await using latchkey = await openRestorable();
  const [backup] = await loseHistory(latchkey);
  await latchkey.restore(backup);
  await latchkey.start('reconciler');
  await latchkey.processed();

  // While the epoch cannot be raised, while lanes cannot be written, and halfway through the identities.
  await killWhile(latchkey, 'lock table identity in share mode', '0');
  await killWhile(latchkey, 'select from relay_topic for update', '1');
  await latchkey.database().query('update outbox set key = key where false');
  await killWhile(latchkey, 'select from account for update', '2');
  const [half] = await latchkey
    .database()
    .query<{ since: Date | null }>('select restating_since as since from output_state');
  expect(half?.since).not.toBeNull();

  const last = await latchkey.run('relay', 'rebase');

  expect(last).toMatchObject({ code: 0, stderr: '' });
  await latchkey.start('relay');
  await untilSame(latchkey.database(), latchkey.messages);
  await latchkey.published();
  expectContiguous(latchkey);
  expect((await latchkey.run('relay', 'rebase')).stdout).toContain('nothing to rebase');
});

test('while a relay publishes and both sides agree there is nothing to rebase, except with --all', async () => {
  await using latchkey = await openRestorable();
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  await latchkey.send(...Array.from({ length: 5 }, (_, n) => joined(n)));
  await latchkey.processed();
  await latchkey.published();

  const nothing = await latchkey.run('relay', 'rebase', '--json');
  expect(JSON.parse(nothing.stdout)).toMatchObject({ epoch: 0, topics: 0, identities: 0 });

  // A finished transaction leaves a control record at the end of the log; an open one is not waited for.
  const inputs = latchkey.topics.names['workforce-events'];
  await (await openTransaction(inject('brokers'), inputs, 0)).abort();
  await using open = await openTransaction(inject('brokers'), inputs, 0);
  const all = await latchkey.run('relay', 'rebase', '--all', '--json');
  await open.abort();
  expect(JSON.parse(all.stdout)).toMatchObject({ epoch: 1, topics: 0, identities: 5 });
  await untilSame(latchkey.database(), latchkey.messages);
  const stated = latchkey.messages().filter(({ generation }) => epochOf(generation) === 1);
  expect(stated.find(({ topic }) => topic === 'access')?.data).toMatchObject({
    changes: [{ kind: 'update', reason: 'correction' }],
    causes: [],
  });
  expect(stated.find(({ topic }) => topic === 'lifecycle')?.data).toMatchObject({
    lifecycle: 'active',
    previous: 'active',
    causes: [],
  });
});

test('lost commits that are repeated in other batches are noticed, although the last message is the same', async () => {
  await using latchkey = await openRestorable();
  const [first, second, third] = neighbours();
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  await latchkey.send(joined(0));
  await latchkey.processed();
  await latchkey.published();
  const backup = await latchkey.backUp();
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  const parts = [[joined(first)], [moved(first, 2, 'Legal')]];
  for (const events of [...parts, [joined(second), moved(second, 2, 'Legal')], [joined(third)]]) {
    await latchkey.send(...events);
    await latchkey.processed();
  }
  await latchkey.published();
  await latchkey.restore(backup);

  // With the record before them four at a time: the first two are one change now, the next two are two. There are
  // as many messages as before, and the last one is the same.
  await latchkey.spawn('reconciler', { BATCH_MAX_EVENTS: '4' });
  await latchkey.processed();
  await latchkey.spawn('relay');

  await expect.poll(() => refusedTopics(latchkey.database())).toBeGreaterThan(0);
  expect(await latchkey.run('relay', 'rebase')).toMatchObject({ code: 0, stderr: '' });
  await latchkey.send(moved(first, 3, 'Sales'));
  await latchkey.processed();
  await untilSame(latchkey.database(), latchkey.messages);
  expectContiguous(latchkey);
});

test('a restored database is noticed even if the brokers have lost the positions', async () => {
  await using latchkey = await openRestorable();
  const [backup] = await loseHistory(latchkey);
  await latchkey.restore(backup);
  const { lifecycle, access, verifications } = latchkey.topics.names;
  for (const topic of [lifecycle, access, verifications]) {
    await forgetOffsets(inject('brokers'), RELAY_GROUP, topic, 3);
  }

  await latchkey.start('reconciler');
  await latchkey.processed();
  await latchkey.spawn('relay');

  await expect.poll(() => refusedTopics(latchkey.database())).toBe(3);
  expect(await latchkey.run('relay', 'rebase')).toMatchObject({ code: 0, stderr: '' });
  await untilSame(latchkey.database(), latchkey.messages);
  await latchkey.published();
  expectContiguous(latchkey);
  expectNothingTwice(latchkey);
});

/** Three persons whose messages share a partition, in the order of their ids. */
function neighbours(): readonly [number, number, number] {
  const people = Array.from({ length: 60 }, (_, n) => {
    const id = derivedId('identity', HR, `r${n + 100}`);
    return { n: n + 100, id, partition: partitionOf(id, 3) };
  });
  const [one, two, three] = people
    .filter(({ partition }) => partition === 0)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  if (one === undefined || two === undefined || three === undefined) throw new Error('too few');
  return [one.n, two.n, three.n];
}

/** Creates two backups, and messages that are published after them. */
async function loseHistory(latchkey: Restorable): Promise<readonly [TestDatabase, TestDatabase]> {
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  await latchkey.send(...Array.from({ length: PEOPLE }, (_, n) => joined(n)), ...question('V1'));
  await latchkey.processed();
  await latchkey.published();
  const backup = await latchkey.backUp();
  const older = await latchkey.backUp();
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  // One by one; reprocessed in one batch they yield other messages.
  for (let revision = 2; revision <= 6; revision += 1) {
    await latchkey.send(
      moved(revision, revision, `Department ${revision}`),
      moved(1, revision, 'X'),
    );
    await latchkey.processed();
  }
  await latchkey.send(left(2, 8), ...question('V2'));
  await latchkey.processed();
  await latchkey.published();
  return [backup, older];
}

function joined(n: number) {
  return hrEvent('joined', `r${n}`, 1, { startsAt: inDays(-9), attributes: employee('Sales') });
}

function moved(n: number, revision: number, department: string) {
  const data = { effectiveAt: inDays(-3), attributes: { department } };
  return hrEvent('moved', `r${n}`, revision, data);
}

function left(n: number, revision: number) {
  return hrEvent('left', `r${n}`, revision, { endsAt: inDays(-1) });
}

function question(verification: string) {
  return [
    ivrEvent('requested', verification, { purpose: 'callback' }),
    ivrEvent('cancelled', verification, { reason: 'test' }),
  ];
}

/** Kills the command when it waits for a lock of another session. */
async function killWhile(latchkey: Restorable, lock: string, epoch: string): Promise<void> {
  const database = latchkey.database();
  await killWhileWaiting(database, lock, () => latchkey.spawn('operator', {}, 'relay', 'rebase'));
  const [state] = await database.query<{ epoch: string }>('select epoch::text from output_state');
  expect(state?.epoch).toBe(epoch);
}

async function refusedTopics(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    'select count(*)::integer as n from relay_topic where refused_code is not null',
  );
  return row?.n ?? 0;
}

async function restated(database: TestDatabase): Promise<object | undefined> {
  const [row] = await database.query<{ below: number; audited: number }>(`
    select (select count(*)::integer from account where generation < 1::bigint << 40) as below,
      (select count(distinct subject_id)::integer from audit_entry
        where decider = 'operator:grace' and subject_kind in ('identity', 'verification')) as audited`);
  return row;
}

/** Expects every position once, in order. */
function expectContiguous({ messages }: Restorable): void {
  const check = checkMessages(messages()).find(({ name }) => name.includes('contiguous'));
  expect(check?.holds, check?.found).toBe(true);
}

/** Expects that repeated messages are not published again, and that no generation decreases. */
function expectNothingTwice({ messages }: Restorable): void {
  const check = checkMessages(messages()).find(({ name }) => name === 'no message twice');
  expect(check?.holds, check?.found).toBe(true);
  const highest = new Map<string, bigint>();
  for (const { topic, key, data, generation } of messages()) {
    const object = `${topic} ${key} ${String(data['accountId'])}`;
    expect(generation).toBeGreaterThan(highest.get(object) ?? 0n);
    highest.set(object, generation);
  }
}
