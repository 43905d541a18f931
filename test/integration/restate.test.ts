import { epochStart } from '@latchkey/contracts';
import { restateAll } from '@latchkey/intake';
import { type Db, openDatabase, raiseEpoch, readOutputState } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, ivrEvent, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { nameOf, type Query, wrappedClient } from '../support/wrapped-client.ts';

let database: TestDatabase;
let harness: IntakeHarness;
let opened: AsyncDisposableStack;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  database = opened.use(await createTestDatabase());
  harness = opened.use(await openIntakeHarness(database));
});
afterEach(() => opened[Symbol.asyncDispose]());

function openOperator(wrap: (query: Query) => Query = (query) => query): Db {
  return opened.use(
    openDatabase({
      url: database.url,
      role: 'latchkey_operator',
      purpose: 'repair',
      poolSize: 1,
      applicationName: 'test-operator',
      onConnectionLost: () => undefined,
      Client: wrappedClient(wrap),
    }),
  );
}

function restate(db: Db, epoch: number) {
  return restateAll(db, epoch, { outputs: harness.outputs, operator: 'grace', owner: 'iam' });
}

function joined(person: string): SentEvent {
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  return hrEvent('joined', person, 1, data);
}

function asked(verification: string): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback' });
}

const VOICE = { attempt: 'a1', platform: 'example' };

/** All reports of a verification that is settled by its only call. */
function settled(verification: string): readonly SentEvent[] {
  const call = { ...VOICE, call: { session: 'c1' }, verdict: 'verified', decidedBy: 'platform' };
  return [
    asked(verification),
    ivrEvent('attempt-opened', verification, { ...VOICE, channel: 'voice' }),
    ivrEvent('verdict-reached', verification, call),
  ];
}

/** How many messages of each type were written, those of this epoch. */
async function stated(epoch: number): Promise<Readonly<Record<string, number>>> {
  const rows = await database.query<{ type: string; count: number }>(
    `select headers::json ->> 'ce_type' as type, count(*)::integer as count from outbox
     where generation >= $1 group by 1 order by 1`,
    [epochStart(epoch).toString()],
  );
  return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
}

async function accounts(): Promise<number> {
  return (await database.query('select from account')).length;
}

test('all published state is published once in a new epoch, unchanged, and the audit names the operator', async () => {
  await harness.process(['p1', 'p2'].map(joined));
  await harness.process([...settled('v1'), asked('pending')]);
  await openOperator().run(raiseEpoch, { epoch: 1 });
  const before = await database.query(
    'select account_id, state, attributes from account order by account_id',
  );
  const count = await accounts();

  const counts = { identities: 2, accounts: count, verifications: 1 };
  expect(count).toBeGreaterThan(2);
  expect(await restate(openOperator(), 1)).toEqual(counts);
  expect(await restate(openOperator(), 1)).toEqual({
    identities: 0,
    accounts: 0,
    verifications: 0,
  });

  const messages = {
    'latchkey.access.desired.v1': count,
    'latchkey.lifecycle.changed.v1': 2,
    'latchkey.verification.settled.v1': 1,
  };
  expect(await stated(1)).toEqual(messages);
  expect(
    await database.query('select account_id, state, attributes from account order by account_id'),
  ).toEqual(before);
  const audit = await database.query(
    `select subject_kind, decider, count(*)::integer as count from audit_entry
     where trigger = 'operator' group by 1, 2 order by 1`,
  );
  expect(audit).toEqual([
    { subject_kind: 'identity', decider: 'operator:grace', count: 2 },
    { subject_kind: 'verification', decider: 'operator:grace', count: 1 },
  ]);
  expect(await readOutputState(harness.db)).toMatchObject({ epoch: 1, restatingSinceMs: null });
});

test('state already published in the epoch is not published again, nor is state that was never published', async () => {
  await harness.process(['p1', 'p2'].map(joined));
  await harness.process([joined('undecided')]);
  await database.query(
    'delete from account using identity where account.identity_id = identity.identity_id and external_id = $1',
    ['undecided'],
  );
  await database.query(
    'update identity set lifecycle = null, derived_at = null where external_id = $1',
    ['undecided'],
  );
  await openOperator().run(raiseEpoch, { epoch: 1 });
  await harness.process([joined('p3')]);
  await harness.process(settled('v1'));
  const inEpoch = await stated(1);
  const of = (who: string) =>
    database.query(
      'select from account where identity_id = (select identity_id from identity where external_id = $1)',
      [who],
    );
  const own = (await of('p1')).length + (await of('p2')).length;

  expect(await restate(openOperator(), 1)).toEqual({
    identities: 2,
    accounts: own,
    verifications: 0,
  });

  expect(inEpoch['latchkey.lifecycle.changed.v1']).toBe(1);
  expect(await stated(1)).toMatchObject({
    'latchkey.lifecycle.changed.v1': 3,
    'latchkey.verification.settled.v1': 1,
  });
});

test('of a person partly published in the epoch the rest is published', async () => {
  await harness.process(['p1', 'p2', 'p3'].map(joined));
  await openOperator().run(raiseEpoch, { epoch: 1 });
  const inEpoch = (epochStart(1) + 1n).toString();
  const raised =
    "account set generation = $1 where identity_id = (select identity_id from identity where external_id = 'p1')";
  await database.query(`update ${raised} and target = 'directory'`, [inEpoch]);
  await database.query("update identity set generation = $1 where external_id in ('p1', 'p2')", [
    inEpoch,
  ]);
  await database.query(`update ${raised.replace('p1', 'p2')}`, [inEpoch]);

  expect(await restate(openOperator(), 1)).toEqual({
    identities: 1,
    accounts: 3,
    verifications: 0,
  });
});

test('after a run that ended half-way another call publishes the rest, each once, in bounded transactions', async () => {
  const people = Array.from({ length: 230 }, (_, index) => joined(`p${index}`));
  await harness.process(people);
  await openOperator().run(raiseEpoch, { epoch: 1 });
  let looks = 0;
  const ending = openOperator((query) => (config, values) => {
    if (nameOf(config) === 'list_unstated_identities') looks += 1;
    return looks === 2 ? Promise.reject(new Error('killed')) : query(config, values);
  });

  await expect(restate(ending, 1)).rejects.toThrow();
  expect((await stated(1))['latchkey.lifecycle.changed.v1']).toBe(200);
  expect((await readOutputState(harness.db)).restatingSinceMs).not.toBeNull();
  expect(await restate(openOperator(), 1)).toMatchObject({ identities: 30 });
  expect((await stated(1))['latchkey.lifecycle.changed.v1']).toBe(230);
});
