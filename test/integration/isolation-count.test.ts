import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { processBroken, spoilFactsOf } from '../support/undecided.ts';

let database: TestDatabase;
let harness: IntakeHarness;
beforeEach(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  await database.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert on fact for each row
    when (new.engagement like 'E-poison%') execute function refuse_poison();`);
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-9), attributes: employee('Sales') });
}

/** The disposition of each event, one batch after the other. */
async function processEach(events: readonly SentEvent[]): Promise<readonly string[]> {
  const kinds: string[] = [];
  for (const event of events) {
    const outcomes = await harness.processOrIsolate(harness.batchOf([event]));
    kinds.push(...outcomes.map((one) => (one.kind === 'stop' ? one.code : one.kind)));
  }
  return kinds;
}

const POISONS = ['poison-1', 'poison-2', 'poison-3', 'poison-4'].map((person) => joined(person));

test('poison that is sent twice is counted once: the fourth event stops the partition', async () => {
  const kinds = await processEach(POISONS.flatMap((event) => [event, event]).slice(0, 7));

  expect(kinds).toEqual([...Array.from({ length: 6 }, () => 'processed'), 'APPLY_FAILING']);
});

test('poison that is sent twice in one batch stops the partition at the fourth', async () => {
  const outcomes = await harness.processOrIsolate(
    harness.batchOf(POISONS.flatMap((event) => [event, event])),
  );

  expect(outcomes.at(-1)).toMatchObject({ kind: 'stop', code: 'APPLY_FAILING' });
  const rows = await database.query(
    'select next_offset::int as next, dead_letter::int as letters, duplicate::int from intake_progress',
  );
  expect(rows).toEqual([{ next: 6, letters: 3, duplicate: 3 }]);
});

test.each([
  ['an event that breaks its contract', hrEvent('joined', 'broken', 1, {})],
  ['another content under an id that is taken', { ...joined('other'), id: POISONS[0]?.id }],
])('%s between poisons does not end the count', async (_, between) => {
  const [first, second, third, fourth] = POISONS as [SentEvent, SentEvent, SentEvent, SentEvent];
  const kinds = await processEach([first, second, third, between as SentEvent, fourth]);

  expect(kinds).toEqual(['processed', 'processed', 'processed', 'processed', 'APPLY_FAILING']);
});

test('a stale event between poison resets the count: it was decided and stored', async () => {
  const known = hrEvent('joined', 'known', 5, {
    startsAt: inDays(-9),
    attributes: employee('Sales'),
  });
  const older = hrEvent('moved', 'known', 2, {
    effectiveAt: inDays(-8),
    attributes: employee('Sales'),
  });
  await processEach([known]);
  const [first, second, third, fourth] = POISONS as [SentEvent, SentEvent, SentEvent, SentEvent];
  const kinds = await processEach([first, second, third, older, fourth]);

  expect(kinds).toEqual(['processed', 'processed', 'processed', 'processed', 'processed']);
  const rows = await database.query('select stale::int, isolations from intake_progress');
  expect(rows).toEqual([{ stale: 1, isolations: 1 }]);
});

test('undecided events are not counted: as many as there are never stop the partition', async () => {
  const events = Array.from({ length: 6 }, (_, index) => joined(`a${index}`));
  await harness.process([joined('first')]);
  for (const event of events) await processBroken(harness, [event]);

  const rows = await database.query(
    'select applied::int, isolations, stopped_code from intake_progress',
  );
  expect(rows).toEqual([{ applied: 7, isolations: 0, stopped_code: null }]);
});

test('an undecided event between poison does not end the count: nothing was decided', async () => {
  const [first, second, third, fourth] = POISONS as [SentEvent, SentEvent, SentEvent, SentEvent];
  await processEach([first, second, third]);
  await processBroken(harness, [joined('undecided')]);

  expect(await processEach([fourth])).toEqual(['APPLY_FAILING']);
});

test('a decided event in a batch with undecided ones ends the count', async () => {
  const [first, second, third, fourth] = POISONS as [SentEvent, SentEvent, SentEvent, SentEvent];
  await processEach([joined('spoiled')]);
  await spoilFactsOf(database, 'spoiled');
  await processEach([first, second, third]);
  const moved = hrEvent('moved', 'spoiled', 2, {
    effectiveAt: inDays(-8),
    attributes: employee('Sales'),
  });
  await harness.processOrIsolate(harness.batchOf([moved, joined('good')]));

  expect(await processEach([fourth])).toEqual(['processed']);
});
