import type { InputTopic } from '@latchkey/contracts';
import { type RedriveContext, redrive } from '@latchkey/intake';
import { type Db, openDatabase, readFirstContent } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asked, type ForgetfulDesk, joined, openForgetfulDesk } from '../support/forgetful-desk.ts';

let desk: ForgetfulDesk;
let operator: Db;
beforeEach(async () => {
  desk = await openForgetfulDesk();
  operator = openDatabase({
    url: desk.databaseUrl,
    role: 'latchkey_operator',
    poolSize: 2,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
});
afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await desk[Symbol.asyncDispose]();
});

async function letters(): Promise<readonly { id: string; code: string; state: string }[]> {
  return desk.query('select id, code, state from dead_letter order by received_at, id');
}

function context(db: Db = operator): RedriveContext {
  const inputOf = (topic: string): InputTopic =>
    topic.includes('verification') ? 'verification-events' : 'workforce-events';
  return { db, policy: desk.policy, outputs: desk.outputs, inputOf, operator: 'grace' };
}

/** An event that cannot be stored for now: its dead letter has claimed its id, 31 days ago. */
async function poisoned(): Promise<string> {
  await desk.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'poison' using errcode = '22003'; end $$`);
  await desk.query(
    'create trigger refuse before insert on engagement for each row execute function refuse()',
  );
  await desk.takeOrIsolate(desk.stamped(31, joined('poison')));
  await desk.query('drop trigger refuse on engagement');
  await desk.age(31);
  const [letter] = await letters();
  expect(letter).toMatchObject({ code: 'APPLY_FAILED', state: 'open' });
  return letter?.id ?? '';
}

test('a fact that comes again after it was forgotten is a duplicate, other content a conflict', async () => {
  const event = joined('a');
  await desk.takeBatch(desk.stamped(31, event));
  await desk.age(31);
  await desk.forget();
  expect(await desk.takeBatch(desk.stamped(31, event))).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: joined('a', 'Finance').data };
  expect(await desk.takeBatch(desk.stamped(31, other))).toMatchObject({ counts: { conflict: 1 } });
});

test('a fact that was never seen is taken, however old it is', async () => {
  await desk.takeBatch(desk.stamped(40, joined('a')));
  await desk.age(40);
  await desk.forget();
  expect(await desk.takeBatch(desk.stamped(50, joined('b')))).toMatchObject({
    counts: { applied: 1 },
  });
});

test('a report that the broker stamped before the inbox remembers is a dead letter and claims nothing', async () => {
  const event = asked('v1');
  await desk.takeBatch(desk.stamped(31, event));
  await desk.age(31);
  await desk.forget();

  expect(await desk.takeBatch(desk.stamped(31, event))).toMatchObject({
    counts: { received: 1, deadLetter: 1 },
  });

  expect(await letters()).toMatchObject([{ code: 'TOO_OLD', state: 'open' }]);
  expect(await desk.query('select event_id, source, type from dead_letter')).toEqual([
    { event_id: `${event.source}#${event.id}`, source: event.source, type: event.type },
  ]);
  expect(await desk.query('select from inbox')).toEqual([]);
  expect(await desk.query('select from verification_callback')).toHaveLength(1);
  expect(await redrive(context(), (await letters())[0]?.id ?? '')).toMatchObject({
    kind: 'dead_letter',
    code: 'TOO_OLD',
  });
});

test('a report that was sent again after it was forgotten is a duplicate, other content a conflict', async () => {
  const event = asked('v1');
  await desk.takeBatch(desk.stamped(31, event));
  await desk.age(31);
  await desk.forget();
  expect(await desk.take([event])).toMatchObject({ counts: { duplicate: 1 } });
  const other = { ...event, data: asked('v1', 8).data };
  expect(await desk.take([other])).toMatchObject({ counts: { conflict: 1 } });
  const [report] = await desk.query('select count(*)::int as n from verification_callback');
  expect(report).toEqual({ n: 1 });
});

test('a dead letter stays redrivable after its claim was forgotten, and is applied once', async () => {
  const id = await poisoned();
  expect(await desk.forget()).toBe(1);

  const both = await Promise.all([redrive(context(), id), redrive(context(), id)]);

  expect(both.map(({ kind }) => kind).toSorted()).toEqual(['applied', 'not_open']);
  expect(await desk.query('select from fact')).toHaveLength(1);
});

test('a claim that is forgotten while its dead letter is redriven does not swallow it', async () => {
  const id = await poisoned();
  // The janitor comes by right after redrive has seen that the id was claimed.
  const interrupted: Db = {
    ...operator,
    transaction: (work) =>
      operator.transaction((tx) =>
        work({
          ...tx,
          run: async (statement, parameters) => {
            const rows = await tx.run(statement, parameters);
            if (statement.name === 'list_claims') await desk.forget();
            return rows;
          },
        }),
      ),
  };
  expect(await redrive(context(interrupted), id)).toEqual({ kind: 'applied' });
  expect(await desk.query('select from fact')).toHaveLength(1);
});

test('what counted for a conflict is shown after it was forgotten', async () => {
  const event = joined('a');
  await desk.takeBatch(desk.stamped(31, event));
  await desk.age(31);
  await desk.forget();
  const [first] = await operator.run(readFirstContent, {
    eventId: `${event.source}#${event.id}`,
  });
  expect(first).toMatchObject({ disposition: null, body: JSON.stringify(event.data) });
});
