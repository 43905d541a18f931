import type { InputTopic } from '@latchkey/contracts';
import { type RedriveContext, redrive } from '@latchkey/intake';
import { type Db, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processTogether } from '../support/arrivals.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { CONTRACTORS, IVR, ivrEvent, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { asked, joined, otherContent } from '../support/sample-events.ts';

let database: TestDatabase;
let harness: IntakeHarness;
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
});
afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const AGENCY = 'urn:example:agency';
const BRIDGE = 'urn:example:bridge';

function redriveLetter(id: string): ReturnType<typeof redrive> {
  const inputOf = (topic: string): InputTopic =>
    topic.includes('verification') ? 'verification-events' : 'workforce-events';
  const { policy, outputs, build } = harness;
  const context: RedriveContext = {
    db: operator,
    policy,
    outputs,
    build,
    inputOf,
    operator: 'grace',
  };
  return redrive(context, id);
}

/** The harness as it is after both sources were registered. */
function openLater(): Promise<IntakeHarness> {
  return openIntakeHarness(database, (yaml) =>
    yaml.replaceAll(CONTRACTORS, AGENCY).replaceAll(IVR, BRIDGE),
  );
}

async function letterOf(events: readonly SentEvent[]): Promise<string> {
  await harness.processOrIsolate(harness.batchOf(events));
  const rows = await database.query<{ id: string }>('select id from dead_letter');
  expect(rows).toHaveLength(1);
  return rows[0]?.id ?? '';
}

async function refuse(table: string): Promise<void> {
  await database.query(`
    create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger refuse before insert on ${table} for each row execute function refuse();`);
}

/** Everything that intake and redrive write. */
async function written(): Promise<unknown> {
  const tables = [
    'inbox',
    'fact',
    'identity',
    'engagement',
    'account',
    'assignment',
    'correlation_key',
    'verification',
    'verification_attempt',
    'verification_callback',
    'verification_failure',
    'dead_letter',
    'conflict',
    'audit_entry',
    'outbox',
    'review',
    'intake_progress',
  ];
  const rows = await Promise.all(
    tables.map((table) => database.query(`select t::text as row from ${table} as t order by 1`)),
  );
  return Object.fromEntries(tables.map((table, index) => [table, rows[index]]));
}

describe.each([
  { input: 'workforce', table: 'fact', event: joined('a'), answer: undefined },
  {
    input: 'verification',
    table: 'verification_callback',
    event: asked('v1'),
    answer: '{"disposition":"accepted","finalState":"pending"}',
  },
])('a dead letter of the $input input that claimed its id', ({ table, event, answer }) => {
  let id: string;
  beforeEach(async () => {
    await refuse(table);
    id = await letterOf([event]);
    expect(await database.query('select disposition from inbox')).toEqual([
      { disposition: 'dead_letter' },
    ]);
  });

  test('is applied, and its event is a duplicate with the answer afterwards', async () => {
    await database.query(`drop trigger refuse on ${table}`);

    expect(await redriveLetter(id)).toEqual({ kind: 'applied' });

    expect(await database.query('select disposition from inbox')).toEqual([
      { disposition: 'applied' },
    ]);
    expect(await database.query(`select event_id from ${table}`)).toHaveLength(1);
    expect(await database.query('select state, attempts from dead_letter')).toEqual([
      { state: 'redriven', attempts: 2 },
    ]);
    const again = await harness.db.transaction((tx) => processTogether(harness, tx, [event]));
    expect(again).toMatchObject([{ disposition: 'duplicate', answer }]);
  });

  test('is given up again: it claims nothing new, and no second dead letter is made', async () => {
    const claims = await database.query('select * from inbox');

    expect(await redriveLetter(id)).toMatchObject({ kind: 'dead_letter', code: 'APPLY_FAILED' });

    expect(await database.query('select * from inbox')).toEqual(claims);
    expect(await database.query('select id, state, code, attempts from dead_letter')).toEqual([
      { id, state: 'open', code: 'APPLY_FAILED', attempts: 2 },
    ]);
    expect(await database.query(`select event_id from ${table}`)).toEqual([]);
    const messages = await database.query(
      'select key, generation::int from outbox order by generation',
    );
    expect(messages).toEqual([
      { key: id, generation: 1 },
      { key: id, generation: 2 },
    ]);
  });
});

describe.each([
  { input: 'workforce', event: { ...joined('a'), source: AGENCY } },
  { input: 'verification', event: { ...asked('v1'), source: BRIDGE } },
])('a dead letter of the $input input that claimed nothing', ({ event }) => {
  let id: string;
  beforeEach(async () => {
    id = await letterOf([event]);
    expect(await database.query('select event_id from inbox')).toEqual([]);
  });

  test('is given up again without a claim', async () => {
    expect(await redriveLetter(id)).toMatchObject({
      kind: 'dead_letter',
      code: 'SOURCE_NOT_ALLOWED',
    });
    expect(await database.query('select event_id from inbox')).toEqual([]);
    expect(await database.query('select id, attempts from dead_letter')).toEqual([
      { id, attempts: 2 },
    ]);
  });

  test('changes nothing where its id was applied meanwhile with other content', async () => {
    await using later = await openLater();
    await later.process([otherContent(event)], 1);
    const before = await written();
    harness = { ...harness, policy: later.policy };

    expect(await redriveLetter(id)).toEqual({ kind: 'conflict' });

    expect(await written()).toEqual(before);
    expect(await redriveLetter(id)).toEqual({ kind: 'conflict' });
  });

  test('claims its id where it is applied', async () => {
    await using later = await openLater();
    harness = { ...harness, policy: later.policy };

    expect(await redriveLetter(id)).toEqual({ kind: 'applied' });

    expect(await database.query('select disposition from inbox')).toEqual([
      { disposition: 'applied' },
    ]);
    expect(await later.process([event], 1)).toMatchObject({ counts: { duplicate: 1 } });
  });
});

test('an event from the future stays a dead letter until its time has come', async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const id = await letterOf([{ ...joined('a'), time: inAnHour }]);

  expect(await redriveLetter(id)).toMatchObject({ kind: 'dead_letter', code: 'TIME_AHEAD' });

  expect(await database.query('select event_id from inbox')).toEqual([]);
});

test('a report that was too old when it arrived stays too old, also with a time in the future', async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const id = await letterOf([
    ivrEvent('requested', 'v1', { purpose: 'callback' }, { time: inAnHour }),
  ]);
  await database.query("update dead_letter set code = 'TOO_OLD'");

  for (let attempt = 0; attempt < 2; attempt += 1) {
    expect(await redriveLetter(id)).toMatchObject({ kind: 'dead_letter', code: 'TOO_OLD' });
  }

  expect(await database.query('select event_id from inbox')).toEqual([]);
});

test('two operators redrive a dead letter that had claimed its id: it is applied once', async () => {
  await refuse('fact');
  const id = await letterOf([joined('a')]);
  await database.query('drop trigger refuse on fact');

  const both = await Promise.all([redriveLetter(id), redriveLetter(id)]);

  expect(both.map(({ kind }) => kind).sort()).toEqual(['applied', 'not_open']);
});
