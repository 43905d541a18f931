import { type InputTopic } from '@latchkey/contracts';
import { type RedriveContext, redrive } from '@latchkey/intake';
import { type Db, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
let harness: IntakeHarness;
let later: IntakeHarness;
let operator: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    poolSize: 2,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
  // The same policy, after one more source was registered.
  later = await openIntakeHarness(database, (yaml) =>
    yaml.replaceAll('urn:example:contractors', 'urn:example:agency'),
  );
});
afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
  await later[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function context(of: IntakeHarness): RedriveContext {
  const inputOf = (): InputTopic => 'workforce-events';
  return {
    db: operator,
    policy: of.policy,
    outputs: of.outputs,
    build: of.build,
    inputOf,
    operator: 'grace',
  };
}

function agencyJoiner(person: string): SentEvent {
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  return hrEvent('joined', person, 1, data, { source: 'urn:example:agency' });
}

async function onlyLetter(): Promise<string> {
  const rows = await database.query<{ id: string }>(
    "select id from dead_letter where state = 'open'",
  );
  expect(rows).toHaveLength(1);
  return rows[0]?.id ?? '';
}

test('a dead letter is applied by intake once its cause is repaired', async () => {
  await harness.process([agencyJoiner('a')]);
  const id = await onlyLetter();
  expect(await redrive(context(later), id)).toEqual({ kind: 'applied' });
  expect(await redrive(context(later), id)).toEqual({ kind: 'not_open' });
  const [identity] = await database.query('select lifecycle from identity');
  expect(identity).toEqual({ lifecycle: 'active' });
  const [progress] = await database.query('select applied, dead_letter from intake_progress');
  expect(progress).toEqual({ applied: '0', dead_letter: '1' });
  const audit = await database.query(
    "select decider, decisions from audit_entry where subject_kind = 'dead_letter'",
  );
  expect(audit).toMatchObject([{ decider: 'operator:grace' }]);
});

test('without a change it is given up again, and reported once more', async () => {
  await harness.process([agencyJoiner('a')]);
  const id = await onlyLetter();
  expect(await redrive(context(harness), id)).toMatchObject({
    kind: 'dead_letter',
    code: 'SOURCE_NOT_ALLOWED',
  });
  const [letter] = await database.query('select state, attempts from dead_letter');
  expect(letter).toEqual({ state: 'open', attempts: 2 });
});

test('redriven by two operators at once it is applied once', async () => {
  await harness.process([agencyJoiner('a')]);
  const id = await onlyLetter();
  const both = await Promise.all([redrive(context(later), id), redrive(context(later), id)]);
  expect(both.map(({ kind }) => kind).sort()).toEqual(['applied', 'not_open']);
  const facts = await database.query('select event_id from fact');
  expect(facts).toHaveLength(1);
});

test('an event that was applied meanwhile is a duplicate', async () => {
  const event = agencyJoiner('a');
  await harness.process([event]);
  const id = await onlyLetter();
  await later.process([event], 1);
  expect(await redrive(context(later), id)).toEqual({ kind: 'duplicate' });
});

test('an event that was applied meanwhile is a duplicate, also after its claim was deleted', async () => {
  const event = agencyJoiner('a');
  await harness.process([event]);
  const id = await onlyLetter();
  await later.process([event], 1);
  await database.query('delete from inbox');
  expect(await redrive(context(later), id)).toEqual({ kind: 'duplicate' });
  expect(await database.query('select state from dead_letter')).toEqual([{ state: 'redriven' }]);
});

test('an unknown id is not found', async () => {
  const id = '00000000-0000-5000-8000-000000000000';
  expect(await redrive(context(harness), id)).toEqual({ kind: 'not_found' });
});

test('a repaired event under the id that a dead letter claimed is a conflict', async () => {
  const broken = hrEvent('joined', 'b', 1, { attributes: employee('Sales') });
  await harness.process([broken]);
  const data = { ...(broken.data as object), startsAt: inDays(-9) };
  expect(await harness.process([{ ...broken, data }])).toMatchObject({ counts: { conflict: 1 } });
  expect(await harness.process([broken])).toMatchObject({ counts: { duplicate: 1 } });
});
