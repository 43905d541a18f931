import { processOrIsolate } from '@latchkey/intake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenPolicy } from '../support/broken-policy.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import {
  blocked,
  decideHandedOver,
  joined,
  leftAtOnce,
  moved,
  processBroken,
  refuse,
  stateOf,
} from '../support/undecided.ts';

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  await harness.process([joined('grace')]);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function employ(...persons: readonly string[]): Promise<void> {
  await harness.process(persons.map((person) => joined(person)));
}

function messages(type: string): Promise<readonly Record<string, unknown>[]> {
  return database.query(
    `select key, generation::int, payload::json as data from outbox
     where headers::json ->> 'ce_type' = $1 order by lane, position`,
    [type],
  );
}

/** The number of rows of everything that intake writes. */
function written(): Promise<unknown> {
  return database.query(`
    select (select count(*) from fact) as facts, (select count(*) from outbox) as messages,
      (select count(*) from audit_entry) as entries, (select count(*) from review) as reviews,
      (select count(*) from due_work) as work, (select sum(generation) from account) as generations`);
}

test.each([
  { name: 'block', event: blocked('a'), reason: 'block' },
  { name: 'immediate end', event: leftAtOnce('a'), reason: 'leaver' },
])('an undecided $name disables everything of the person at once', async ({ event, reason }) => {
  await employ('a', 'b');
  const before = await stateOf(database, 'a');
  const held = new Map(
    (await messages('latchkey.access.desired.v1')).map(({ data }) => {
      const { accountId, entitlements } = data as { accountId: string; entitlements: unknown };
      return [accountId, entitlements];
    }),
  );
  await processBroken(harness, [event]);

  const id = `${event.source}#${event.id}`;
  const after = await stateOf(database, 'a');
  expect(before.accounts.length).toBeGreaterThan(1);
  expect(after).toEqual({
    identity: { lifecycle: 'suspended', generation: 2, derived: true, parked: true },
    accounts: before.accounts.map((account) => ({
      ...account,
      state: 'disabled',
      generation: 2,
      disabled: true,
    })),
  });
  expect((await stateOf(database, 'b')).accounts).toMatchObject(before.accounts);
  const published = (await messages('latchkey.access.desired.v1')).filter(
    ({ generation }) => generation === 2,
  );
  expect(published).toHaveLength(before.accounts.length);
  for (const { data } of published) {
    const { accountId } = data as { accountId: string };
    expect(data).toMatchObject({
      account: { state: 'disabled' },
      entitlements: held.get(accountId),
      changes: [{ kind: 'disable', reason }],
      causes: [id],
    });
  }
  const lifecycles = await messages('latchkey.lifecycle.changed.v1');
  expect(lifecycles.filter(({ generation }) => generation === 2)).toMatchObject([
    { data: { lifecycle: 'suspended', previous: 'active', causes: [id] } },
  ]);
  const [entry] = await database.query<{ decisions: readonly { kind: string }[] }>(
    `select decisions::json as decisions from audit_entry where event_id = $1`,
    [id],
  );
  expect(entry?.decisions.map(({ kind }) => kind)).toEqual([
    'fact',
    'undecided',
    'lifecycle',
    ...before.accounts.map(() => 'disable'),
  ]);
});

test('a second undecided block changes nothing but its own record', async () => {
  await employ('a');
  await processBroken(harness, [blocked('a')]);
  const before = await stateOf(database, 'a');
  const published = await database.query('select from outbox');
  await processBroken(harness, [leftAtOnce('a')]);

  expect(await stateOf(database, 'a')).toEqual(before);
  expect(await database.query('select from outbox')).toEqual(published);
});

test('what an undecided block disabled stays disabled while no decision can be made', async () => {
  await employ('a');
  await processBroken(harness, [blocked('a')]);
  const before = await stateOf(database, 'a');
  await processBroken(harness, [moved('a', 5)]);

  expect(await stateOf(database, 'a')).toEqual(before);
});

test('an undecided event that comes again is a duplicate and changes nothing', async () => {
  await employ('a');
  const events = [blocked('a'), moved('a')];
  await processBroken(harness, events);
  const before = await written();
  const again = await processBroken(harness, events);

  expect(again).toMatchObject([{ counts: { duplicate: 2 }, undecided: 0 }]);
  expect(await harness.processOrIsolate(harness.batchOf(events))).toMatchObject([
    { counts: { duplicate: 2 } },
  ]);
  expect(await written()).toEqual(before);
});

test('a transaction that ends half-way leaves nothing, and the next one stores and disables', async () => {
  await employ('a');
  const before = await written();
  const broken = { ...harness.context, policy: brokenPolicy(harness.policy) };
  const batch = harness.batchOf([blocked('a')]);
  await database.query('revoke insert on outbox from latchkey_reconciler');
  await expect(processOrIsolate(broken, batch)).rejects.toThrow('permission denied');
  expect(await written()).toEqual(before);
  await database.query('grant insert on outbox to latchkey_reconciler');
  await processOrIsolate(broken, batch);

  for (const { state } of (await stateOf(database, 'a')).accounts) expect(state).toBe('disabled');
});

test('undecided blocks of one person at the same time disable each account once', async () => {
  await employ('a');
  await harness.process([joined('other')], 1);
  const broken = { ...harness.context, policy: brokenPolicy(harness.policy) };
  const batches = [0, 1].map((partition) =>
    harness.batchOf([{ ...blocked('a'), sourceversion: String(partition + 1) }], partition),
  );
  await Promise.all(batches.map((batch) => processOrIsolate(broken, batch)));

  const { identity, accounts } = await stateOf(database, 'a');
  expect(identity).toMatchObject({ lifecycle: 'suspended', generation: 2 });
  for (const account of accounts)
    expect(account).toMatchObject({ state: 'disabled', generation: 2 });
  expect(await database.query("select from fact where kind = 'blocked'")).toHaveLength(2);
  expect(await database.query('select from due_work')).toHaveLength(1);
  expect(await database.query('select from review')).toHaveLength(1);
});

test('an immediate end whose decision the database refuses disables at once', async () => {
  await employ('a');
  await refuse(database, 'engagement', "new.external_id = 'a'");
  await harness.processOrIsolate(harness.batchOf([leftAtOnce('a')]));

  expect(await database.query('select from dead_letter')).toEqual([]);
  for (const { state } of (await stateOf(database, 'a')).accounts) expect(state).toBe('disabled');
});

test('a person who is blocked before any decision has no access afterwards', async () => {
  await processBroken(harness, [blocked('a')]);
  expect(await stateOf(database, 'a')).toEqual({
    identity: { lifecycle: 'suspended', generation: 1, derived: true, parked: true },
    accounts: [],
  });
  await harness.process([joined('a')]);

  expect(await stateOf(database, 'a')).toMatchObject({
    identity: { lifecycle: 'suspended', generation: 1, parked: false },
    accounts: [],
  });
});

test('a block whose end of access cannot be written is stored all the same, and due work ends access later', async () => {
  await employ('ada');
  await refuse(database, 'account', "new.state = 'disabled'");
  await harness.processOrIsolate(harness.batchOf([blocked('ada')]));
  expect(await database.query('select from dead_letter')).toEqual([]);
  expect(await database.query("select from fact where kind = 'blocked'")).toHaveLength(1);
  expect(await database.query('select kind from due_work')).toEqual([{ kind: 'clock' }]);
  expect(await database.query("select from review where kind = 'identity_undecided'")).toHaveLength(
    1,
  );
  await database.query('drop trigger poison on account');
  await decideHandedOver(harness);
  const { accounts } = await stateOf(database, 'ada');
  expect(new Set(accounts.map(({ state }) => state))).toEqual(new Set(['disabled']));
});
