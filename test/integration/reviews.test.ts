import { countReviews } from '@latchkey/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { CONTRACTORS, employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
let harness: IntakeHarness;
beforeAll(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** An event of the source that stamps whole seconds. */
function stamped(kind: string, second: number, id: string, data: object): SentEvent {
  const { specversion, type, subject } = hrEvent(kind, 'c1', 1, {});
  const time = new Date(Date.UTC(2024, 0, 1, 0, 0, second)).toISOString();
  return {
    specversion,
    type,
    subject,
    source: CONTRACTORS,
    id,
    time,
    data: { engagement: 'E-c1', ...data },
  };
}

test('a review of tied facts is resolved by newer facts, opened again by others, and each is announced', async () => {
  const at = inDays(-5);
  const row = (second: number, id: string, department: string) =>
    stamped('moved', second, id, { effectiveAt: at, attributes: { department } });
  await harness.process([
    stamped('joined', 1, 'j', { startsAt: inDays(-9), attributes: employee('Sales') }),
  ]);
  await harness.process([row(2, 'a', 'Finance'), row(2, 'b', 'Legal')]);
  expect(await states()).toEqual([{ kind: 'facts_disputed', state: 'open' }]);

  const settling = { fact: 'F', effectiveAt: at, attributes: { department: 'Finance' } };
  await harness.process([stamped('moved', 3, 'c', settling)]);
  expect(await states()).toEqual([{ kind: 'facts_disputed', state: 'resolved' }]);

  await harness.process([stamped('rescinded', 4, 'd', { rescinds: { fact: 'F' } })]);
  expect(await states()).toEqual([{ kind: 'facts_disputed', state: 'open' }]);

  const messages = await database.query<{ type: string; generation: string }>(
    `select headers::json ->> 'ce_type' as type, generation from outbox
      where headers::json ->> 'ce_type' like 'latchkey.review.%'
        and payload::json ->> 'kind' = 'facts_disputed' order by position`,
  );
  expect(messages.map(({ type, generation }) => [type, Number(generation)])).toEqual([
    ['latchkey.review.opened.v1', 1],
    ['latchkey.review.resolved.v1', 1],
    ['latchkey.review.opened.v1', 2],
  ]);
});

test('an engagement under another subject opens one review', async () => {
  const data = { engagement: 'E-one', startsAt: inDays(-9), attributes: employee('Sales') };
  await harness.process([hrEvent('joined', 'first', 1, data)]);
  const other = hrEvent('joined', 'second', 1, data);
  await harness.process([other]);
  await harness.process([hrEvent('joined', 'third', 1, { ...data, engagement: 'E-three' })]);

  const rows = await database.query<{ subject: string; detail: string }>(
    "select subject, detail from review where kind = 'engagement_elsewhere'",
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.subject).toContain('E-one');
  expect(JSON.parse(rows[0]?.detail ?? '')).toEqual({ eventId: `${other.source}#${other.id}` });
});

test('open reviews are counted by kind, overdue ones separately', async () => {
  await database.query(
    `insert into review (review_id, kind, subject, owner, detail, due_at, state)
     select gen_random_uuid(), kind, 's', 'o', '{}', now() + make_interval(days => days), state
     from (values ('a', -1, 'open'), ('a', 1, 'open'), ('b', 1, 'open'), ('c', -1, 'open'), ('c', -1, 'resolved'))
       as made (kind, days, state)`,
  );

  const counted = await harness.db.run(countReviews, {});

  expect(counted.filter(({ kind }) => kind.length === 1)).toEqual([
    { kind: 'a', open: 2, overdue: 1 },
    { kind: 'b', open: 1, overdue: 0 },
    { kind: 'c', open: 1, overdue: 1 },
  ]);
});

function states(): Promise<readonly object[]> {
  return database.query("select kind, state from review where kind = 'facts_disputed'");
}
