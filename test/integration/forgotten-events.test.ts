import type { InputTopic } from '@latchkey/contracts';
import { type RedriveContext, redrive } from '@latchkey/intake';
import { type Db, openDatabase, readFirstContent } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  asked,
  joined,
  openRetentionHarness,
  type RetentionHarness,
} from '../support/retention-harness.ts';

let harness: RetentionHarness;
let operator: Db;
beforeEach(async () => {
  harness = await openRetentionHarness();
  operator = openDatabase({
    url: harness.databaseUrl,
    role: 'latchkey_operator',
    poolSize: 2,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
});
afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
});

async function letters(): Promise<readonly { id: string; code: string; state: string }[]> {
  return harness.query('select id, code, state from dead_letter order by received_at, id');
}

function context(db: Db = operator): RedriveContext {
  const inputOf = (topic: string): InputTopic =>
    topic.includes('verification') ? 'verification-events' : 'workforce-events';
  return {
    db,
    policy: harness.policy,
    outputs: harness.outputs,
    build: harness.build,
    inputOf,
    operator: 'grace',
  };
}

/** An event whose fact cannot be stored for now: its dead letter has claimed its id, 31 days ago. */
async function poisoned(): Promise<string> {
  await harness.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'poison' using errcode = '22003'; end $$`);
  await harness.query(
    'create trigger refuse before insert on fact for each row execute function refuse()',
  );
  await harness.processOrIsolate(harness.stamped(31, joined('poison')));
  await harness.query('drop trigger refuse on fact');
  await harness.age(31);
  const [letter] = await letters();
  expect(letter).toMatchObject({ code: 'APPLY_FAILED', state: 'open' });
  return letter?.id ?? '';
}

test('a redelivered fact whose claim was forgotten is a duplicate, other content a conflict', async () => {
  const event = joined('a');
  await harness.processBatch(harness.stamped(31, event));
  await harness.age(31);
  await harness.forget();
  expect(await harness.processBatch(harness.stamped(31, event))).toMatchObject({
    counts: { duplicate: 1 },
  });
  const other = { ...event, data: joined('a', 'Finance').data };
  expect(await harness.processBatch(harness.stamped(31, other))).toMatchObject({
    counts: { conflict: 1 },
  });
});

test('a new fact is applied, however old it is', async () => {
  await harness.processBatch(harness.stamped(40, joined('a')));
  await harness.age(40);
  await harness.forget();
  expect(await harness.processBatch(harness.stamped(50, joined('b')))).toMatchObject({
    counts: { applied: 1 },
  });
});

test('a report that the broker stamped before the inbox remembers is a dead letter and claims nothing', async () => {
  const event = asked('v1');
  await harness.processBatch(harness.stamped(31, event));
  await harness.age(31);
  await harness.forget();

  expect(await harness.processBatch(harness.stamped(31, event))).toMatchObject({
    counts: { received: 1, deadLetter: 1 },
  });

  expect(await letters()).toMatchObject([{ code: 'TOO_OLD', state: 'open' }]);
  expect(await harness.query('select event_id, source, type from dead_letter')).toEqual([
    { event_id: `${event.source}#${event.id}`, source: event.source, type: event.type },
  ]);
  expect(await harness.query('select from inbox')).toEqual([]);
  expect(await harness.query('select from verification_callback')).toHaveLength(1);
  expect(await redrive(context(), (await letters())[0]?.id ?? '')).toMatchObject({
    kind: 'dead_letter',
    code: 'TOO_OLD',
  });
});

test('a redelivered report whose claim was forgotten is a duplicate, other content a conflict', async () => {
  const event = asked('v1');
  await harness.processBatch(harness.stamped(31, event));
  await harness.age(31);
  await harness.forget();
  expect(await harness.process([event])).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: asked('v1', 8).data };
  expect(await harness.process([other])).toMatchObject({ counts: { conflict: 1 } });
  const [report] = await harness.query('select count(*)::int as n from verification_callback');
  expect(report).toEqual({ n: 1 });
});

test('a dead letter can be redriven after its claim was forgotten, and is applied once', async () => {
  const id = await poisoned();
  expect(await harness.forget()).toBe(1);

  const both = await Promise.all([redrive(context(), id), redrive(context(), id)]);

  expect(both.map(({ kind }) => kind).toSorted()).toEqual(['applied', 'not_open']);
  expect(await harness.query('select from fact')).toHaveLength(1);
});

test('a claim that is forgotten during the redrive of its dead letter does not lose the event', async () => {
  const id = await poisoned();
  // The janitor runs right after redrive has read that the id was claimed.
  const interrupted: Db = {
    ...operator,
    transaction: (work) =>
      operator.transaction((tx) =>
        work({
          ...tx,
          run: async (statement, parameters) => {
            const rows = await tx.run(statement, parameters);
            if (statement.name === 'list_claims') await harness.forget();
            return rows;
          },
        }),
      ),
  };
  expect(await redrive(context(interrupted), id)).toEqual({ kind: 'applied' });
  expect(await harness.query('select from fact')).toHaveLength(1);
});

test('the content that won a conflict is shown after its claim was forgotten', async () => {
  const event = joined('a');
  await harness.processBatch(harness.stamped(31, event));
  await harness.age(31);
  await harness.forget();
  const [first] = await operator.run(readFirstContent, {
    eventId: `${event.source}#${event.id}`,
  });
  expect(first).toMatchObject({ disposition: null, body: JSON.stringify(event.data) });
});
