import { reconcileDue } from '@latchkey/intake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, inSeconds } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function due(): Promise<number> {
  const { tried } = await reconcileDue(harness);
  return tried;
}

async function startSoon(persons: readonly string[]): Promise<void> {
  const startsAt = inSeconds(1);
  await harness.process(
    persons.map((person) =>
      hrEvent('joined', person, 1, { startsAt, attributes: employee('Sales') }),
    ),
  );
  expect(await due()).toBe(0);
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(startsAt));
}

async function enabled(): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    "select count(*)::int as n from account where state = 'enabled'",
  );
  return row?.n ?? -1;
}

test('a due identity is decided once, with an audit entry of the clock', async () => {
  await startSoon(['a', 'b']);
  expect(await due()).toBe(2);
  expect(await enabled()).toBe(4);
  expect(await due()).toBe(0);
  const audit = await database.query("select subject_id from audit_entry where trigger = 'clock'");
  expect(audit).toHaveLength(2);
});

test('two clocks at once decide each identity once', async () => {
  await startSoon(Array.from({ length: 40 }, (_, index) => `p${index}`));
  const counts = await Promise.all([due(), due()]);
  const rest = await due();
  expect(counts.reduce((sum, count) => sum + count, rest)).toBe(40);
  expect(await enabled()).toBe(80);
  const generations = await database.query('select distinct generation from account');
  expect(generations).toEqual([{ generation: '1' }]);
});

test('a clock that is killed half-way leaves nothing, and the next one decides', async () => {
  await startSoon(['a']);
  await database.query('revoke insert on outbox from latchkey_reconciler');
  await expect(due()).rejects.toThrow('permission denied');
  expect(await enabled()).toBe(0);
  await database.query('grant insert on outbox to latchkey_reconciler');
  expect(await due()).toBe(1);
  expect(await enabled()).toBe(2);
});

test('accounts of a leaver are deleted when their grace is over, and the identity is archived', async () => {
  await harness.process([
    hrEvent('joined', 'a', 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
  ]);
  await harness.process([hrEvent('left', 'a', 2, { endsAt: inDays(-1) })]);
  await database.query(
    `update account set disabled_at = disabled_at - interval '100 days', delete_at = delete_at - interval '100 days';
     update identity set next_transition_at = next_transition_at - interval '100 days',
       derived_at = derived_at - interval '100 days'`,
  );
  expect(await due()).toBe(1);
  const states = await database.query('select distinct state from account');
  expect(states).toEqual([{ state: 'absent' }]);
  const [identity] = await database.query('select lifecycle, next_transition_at from identity');
  expect(identity).toEqual({ lifecycle: 'archived', next_transition_at: null });
});

test('an identity that cannot be decided is parked with a review, and the others are decided', async () => {
  await startSoon(['a', 'b']);
  // A fact that breaks every contract.
  await database.query(
    `update fact set data = '{"engagement":"E-a","startsAt":"never","attributes":{}}'
     where engagement = 'E-a'`,
  );
  expect(await due()).toBe(2);
  expect(await enabled()).toBe(2);
  expect(await due()).toBe(0);
  const reviews = await database.query("select kind from review where state = 'open'");
  expect(reviews).toEqual([{ kind: 'clock_failed' }]);
});
