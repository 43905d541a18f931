import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenPolicy } from '../support/broken-policy.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import {
  blocked,
  joined,
  moved,
  processBroken,
  refuse,
  spoilFactsOf,
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

const CAUSE = 'deciding failed with TypeError';

test('the facts of an identity that cannot be decided are stored, and the others of the batch are decided', async () => {
  await employ('a', 'b');
  const before = await stateOf(database, 'a');
  await spoilFactsOf(database, 'a');
  const events = [moved('a'), moved('b'), moved('a', 3)];
  const outcomes = await harness.processOrIsolate(harness.batchOf(events));

  expect(outcomes).toMatchObject([
    { kind: 'processed', counts: { received: 3, applied: 3 }, undecided: 2 },
  ]);
  expect(await stateOf(database, 'a')).toEqual({
    ...before,
    identity: { lifecycle: 'active', generation: 1, derived: true, parked: true },
  });
  expect((await stateOf(database, 'b')).identity).toMatchObject({ parked: false });
  const stored = await database.query("select from fact where kind = 'moved'");
  expect(stored).toHaveLength(3);
  expect(await database.query('select from dead_letter')).toEqual([]);
});

test('each undecided event has an audit entry with the cause, and the identity one review and one due work', async () => {
  await employ('a');
  await processBroken(harness, [moved('a'), moved('a', 3)]);
  await processBroken(harness, [moved('a', 4)]);

  const entries = await database.query(
    `select decisions::json as decisions, decider, owner, event_id is not null as caused from audit_entry
     where decisions like '%undecided%'`,
  );
  const { owner, hash } = brokenPolicy(harness.policy);
  const decisions = [
    { kind: 'fact', fact: 'moved', disposition: 'applied' },
    { kind: 'undecided', cause: CAUSE },
  ];
  const entry = { decisions, decider: `policy:${hash}`, owner, caused: true };
  expect(entries).toEqual([entry, entry, entry]);
  const [identity] = await database.query<{ identity_id: string }>(
    "select identity_id from identity where external_id = 'a'",
  );
  const reviews = await database.query('select kind, subject, owner, state, detail from review');
  expect(reviews).toEqual([
    {
      kind: 'identity_undecided',
      subject: identity?.identity_id,
      owner,
      state: 'open',
      detail: JSON.stringify({ cause: CAUSE }),
    },
  ]);
  const work = await database.query(
    'select kind, item_id, attempt, tried_policy, cause, lease_until, retry_at > now() as waits from due_work',
  );
  expect(work).toEqual([
    {
      kind: 'clock',
      item_id: identity?.identity_id,
      attempt: 1,
      tried_policy: hash,
      cause: CAUSE,
      lease_until: null,
      waits: true,
    },
  ]);
});

test('a decision that the database refuses is stored undecided, alone of its batch', async () => {
  await refuse(database, 'account', "new.user_name = 'poison'");
  const events = ['a', 'poison', 'z'].map((person) => joined(person));
  await harness.processOrIsolate(harness.batchOf(events));

  const [progress] = await database.query('select applied, dead_letter from intake_progress');
  expect(progress).toEqual({ applied: '4', dead_letter: '0' });
  expect(await stateOf(database, 'poison')).toEqual({
    identity: { lifecycle: null, generation: 0, derived: false, parked: true },
    accounts: [],
  });
  const [work, ...others] = await database.query('select cause from due_work');
  expect(others).toEqual([]);
  expect(work?.['cause']).toContain('22003');
});

test('only a fact that cannot be stored is a dead letter', async () => {
  await employ('a');
  await refuse(database, 'fact', "new.kind = 'blocked'");
  await processBroken(harness, [moved('a'), blocked('a')]);

  const letters = await database.query('select code, cause from dead_letter');
  expect(letters).toMatchObject([{ code: 'APPLY_FAILED' }]);
  expect(letters[0]?.['cause']).toContain('22003');
  const [progress] = await database.query('select applied, dead_letter from intake_progress');
  expect(progress).toEqual({ applied: '3', dead_letter: '1' });
});

test('the next decision of an identity is made of all its facts', async () => {
  await processBroken(harness, [joined('a')]);
  await employ('b');
  expect((await stateOf(database, 'a')).identity).toEqual({
    lifecycle: null,
    generation: 0,
    derived: false,
    parked: true,
  });
  await harness.process([moved('a'), moved('b')]);

  const [a, b] = [await stateOf(database, 'a'), await stateOf(database, 'b')];
  expect(a.identity).toEqual({ lifecycle: 'active', generation: 1, derived: true, parked: false });
  expect(a.accounts.map(({ state }) => state)).toEqual(b.accounts.map(({ state }) => state));
  expect(await database.query('select from due_work')).toEqual([]);
  const [engagement] = await database.query(
    "select state from engagement where engagement = 'E-a'",
  );
  expect(engagement).toEqual({ state: 'running' });
});
