import { createHash } from 'node:crypto';
import {
  COUNTED_AT_MOST,
  countDeadLetters,
  countOpen,
  type Db,
  notePolicy,
  openDatabase,
  readFirstContent,
} from '@latchkey/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, ivrEvent } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

let database: TestDatabase;
let harness: IntakeHarness;
let operator: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  harness = await openIntakeHarness(database);
  operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    poolSize: 1,
    applicationName: 'test-operator',
    onConnectionLost: () => undefined,
  });
});
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

test('policies that no reconciler has recorded for five minutes are deleted, except the one that is recorded now', async () => {
  const seen = (name: string, minutes: number) =>
    database.query('insert into policy_at_work values ($1, now() - make_interval(mins => $2))', [
      hashOf(name),
      minutes,
    ]);
  await seen('long ago', 6);
  await seen('before', 4);
  await seen('again', 6);

  await harness.db.run(notePolicy, { policyHash: hashOf('again') });

  const left = await database.query<{ policy_hash: string }>(
    'select policy_hash from policy_at_work order by seen_at',
  );
  expect(left.map((row) => row.policy_hash)).toEqual([hashOf('before'), hashOf('again')]);
});

test('the first content is known after its claim was deleted', async () => {
  const event = hrEvent('joined', 'p1', 1, {
    startsAt: inDays(-9),
    attributes: employee('Sales'),
  });
  await harness.process([event]);
  const eventId = `${event.source}#${event.id}`;
  const [remembered] = await operator.run(readFirstContent, { eventId });
  await database.query('delete from inbox where event_id = $1', [eventId]);

  const [forgotten] = await operator.run(readFirstContent, { eventId });

  expect(remembered?.disposition).toBe('applied');
  expect(forgotten).toEqual({ ...remembered, disposition: null });
  expect(forgotten?.body).toContain('Sales');
});

test('dead letters are counted by code, and no further than the limit', async () => {
  await database.query(
    `insert into dead_letter (id, code, cause, topic, partition, "offset", headers, taken_at)
     select gen_random_uuid(), code, 'c', code, 0, n, '[]', now()
     from (values ('MANY', $1 + 1), ('SOME', 2)) as made (code, count), generate_series(1, count) as n`,
    [COUNTED_AT_MOST],
  );

  expect(await operator.run(countDeadLetters, {})).toEqual([
    { code: 'MANY', count: BigInt(COUNTED_AT_MOST) },
    { code: 'SOME', count: 2n },
  ]);
});

test('the first content of a report, and of a delivery that was no event, is found by its id', async () => {
  const report = ivrEvent('requested', 'v1', { purpose: 'callback' });
  await harness.process([report]);
  const letter = 'of a dead letter';
  await database.query(
    `insert into inbox (event_id, fingerprint, disposition) values ($1, sha256('x'), 'dead_letter')`,
    [letter],
  );
  await database.query(
    `insert into dead_letter (id, code, cause, event_id, topic, partition, "offset", headers, raw, taken_at, received_at)
     select gen_random_uuid(), 'C', 'c', $1, 't', 0, n, '[]', convert_to('content ' || n, 'UTF8'), now(), now() + make_interval(secs => n)
     from generate_series(1, 2) as n`,
    [letter],
  );
  const bodyOf = async (eventId: string) =>
    (await operator.run(readFirstContent, { eventId }))[0]?.body;

  expect(await bodyOf(`${report.source}#${report.id}`)).toContain('callback');
  expect(await bodyOf(letter)).toBe('content 1');
  expect(await operator.run(readFirstContent, { eventId: 'nobody knows it' })).toEqual([]);
});

test('open items are counted by table and kind, in order', async () => {
  await database.query('delete from dead_letter');
  await database.query(
    `insert into dead_letter (id, code, cause, topic, partition, "offset", headers, taken_at, state, redriven_at, redriven_by)
     select gen_random_uuid(), code, 'c', code, 0, n, '[]', now(), state,
       case state when 'redriven' then now() end, case state when 'redriven' then 'grace' end
     from (values ('B', 2, 'open'), ('A', 1, 'open'), ('C', 1, 'open'), ('D', 1, 'redriven')) as made (code, count, state),
       generate_series(1, count) as n`,
  );
  await database.query(
    `insert into review (review_id, kind, subject, owner, detail, due_at, state)
     select gen_random_uuid(), kind, 's', 'o', '{}', now(), state
     from (values ('b', 'open'), ('a', 'open'), ('a', 'resolved')) as made (kind, state)`,
  );

  expect(await operator.run(countOpen, {})).toEqual([
    { what: 'conflict', code: '', count: 0n },
    { what: 'dead letter', code: 'A', count: 1n },
    { what: 'dead letter', code: 'B', count: 2n },
    { what: 'dead letter', code: 'C', count: 1n },
    { what: 'review', code: 'a', count: 1n },
    { what: 'review', code: 'b', count: 1n },
  ]);
});
