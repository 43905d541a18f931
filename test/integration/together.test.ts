import type { Batch } from '@latchkey/intake';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';
import { asked } from '../support/sample-events.ts';

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

function joined(person: string, department = 'Sales'): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-9), attributes: employee(department) });
}

/** One more batch of each partition. */
function batchesOf(...events: readonly (readonly SentEvent[])[]): readonly Batch[] {
  return events.map((some, partition) => harness.batchOf(some, partition));
}

async function positions(): Promise<readonly string[]> {
  const rows = await database.query<{ next_offset: string }>(
    'select next_offset from intake_progress order by partition',
  );
  return rows.map(({ next_offset }) => next_offset);
}

async function countOf(table: string): Promise<number> {
  const [row] = await database.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return row?.n ?? -1;
}

/** A connection that ends with the test. */
async function openClient(): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

test('batches of several partitions are applied in one transaction, and counted separately', async () => {
  const outcomes = await harness.processTogether(
    batchesOf([joined('a'), joined('b')], [joined('c')], []),
  );
  expect(outcomes).toMatchObject([
    { kind: 'processed', counts: { received: 2, applied: 2 } },
    { kind: 'processed', counts: { received: 1, applied: 1 } },
    { kind: 'done' },
  ]);
  const rows = await database.query(
    'select partition, next_offset, received, applied from intake_progress order by partition',
  );
  expect(rows).toEqual([
    { partition: 0, next_offset: '2', received: '2', applied: '2' },
    { partition: 1, next_offset: '1', received: '1', applied: '1' },
    { partition: 2, next_offset: '0', received: '0', applied: '0' },
  ]);
  const written = await database.query<{ n: number }>(
    'select count(distinct xmin::text)::int as n from fact',
  );
  expect(written).toEqual([{ n: 1 }]);
});

test('one id in two partitions is applied once; other content is a conflict of its partition', async () => {
  const event = joined('a');
  const other = { ...event, data: joined('a', 'Engineering').data };
  const outcomes = await harness.processTogether(batchesOf([event], [event, joined('b')], [other]));
  expect(outcomes).toMatchObject([
    { counts: { received: 1, applied: 1 } },
    { counts: { received: 2, applied: 1, duplicate: 1 } },
    { counts: { received: 1, applied: 0, conflict: 1 } },
  ]);
  expect(await database.query('select partition, "offset"::int from conflict')).toEqual([
    { partition: 2, offset: 0 },
  ]);
});

test('a dead letter keeps its partition and its epoch', async () => {
  const broken = hrEvent('joined', 'broken', 1, {});
  const outcomes = await harness.processTogether(batchesOf([joined('a')], [broken]));
  expect(outcomes).toMatchObject([{ counts: { applied: 1 } }, { counts: { deadLetter: 1 } }]);
  expect(await database.query('select partition, epoch from dead_letter')).toEqual([
    { partition: 1, epoch: 0 },
  ]);
});

test('redelivered batches are skipped, together with a new one', async () => {
  const again = batchesOf([joined('a')], [joined('b')]);
  await harness.processTogether(again);
  const outcomes = await harness.processTogether([...again, harness.batchOf([joined('c')], 2)]);
  expect(outcomes).toMatchObject([{ kind: 'done' }, { kind: 'done' }, { kind: 'processed' }]);
  expect(await countOf('fact')).toBe(3);
});

test('a batch from above its position, and one of another log, do not affect the others', async () => {
  await harness.processTogether(batchesOf([joined('a')], [joined('b')]));
  const other = { ...harness.batchOf([joined('x'), joined('y')], 1), fetchedOffset: 0n };
  const [first, second] = other.deliveries;
  if (first === undefined || second === undefined) throw new Error('no deliveries');
  const differs = {
    ...other,
    deliveries: [
      { ...first, offset: 0n },
      { ...second, offset: 1n },
    ],
  };
  harness.batchOf([joined('skipped')], 0);
  const ahead = harness.batchOf([joined('z')], 0);
  const outcomes = await harness.processTogether([
    ahead,
    differs,
    harness.batchOf([joined('c')], 2),
  ]);
  expect(outcomes).toMatchObject([
    { kind: 'ahead' },
    { kind: 'stop', code: 'LOG_DIFFERS' },
    { kind: 'processed', counts: { applied: 1 } },
  ]);
  const stopped = await database.query(
    'select partition, stopped_code from intake_progress where stopped_code is not null',
  );
  expect(stopped).toEqual([{ partition: 1, stopped_code: 'LOG_DIFFERS' }]);
  expect(await positions()).toEqual(['1', '1', '1']);
});

test('a partition that another session has locked is left out, and the others do not wait for it', async () => {
  await harness.processTogether(batchesOf([joined('a')], [joined('b')]));
  const next = batchesOf([joined('c')], [joined('d')]);
  await using locker = await openClient();
  await locker.client.query('begin');
  await locker.client.query('select from intake_progress where partition = 0 for update');
  expect(await harness.processTogether(next)).toMatchObject([
    { kind: 'locked' },
    { kind: 'processed' },
  ]);
  await locker.client.query('commit');
  expect(await positions()).toEqual(['1', '2']);
  expect(await harness.processTogether(next)).toMatchObject([
    { kind: 'processed' },
    { kind: 'done' },
  ]);
});

test('the same partitions processed by two transactions at once: each event is applied once', async () => {
  const events = [0, 1, 2].map((at) =>
    Array.from({ length: 40 }, (_, of) => joined(`${at}-${of}`)),
  );
  const batches = batchesOf(...events);
  const reversed = batches.toReversed();
  await Promise.all([harness.processTogether(batches), harness.processTogether(reversed)]);
  await harness.processTogether(batches);
  expect(await positions()).toEqual(['40', '40', '40']);
  expect(await countOf('fact')).toBe(120);
});

test('a session that is killed half-way leaves nothing of any batch, and they are applied once afterwards', async () => {
  await harness.processTogether(batchesOf([joined('a')], [joined('b')]));
  const batches = batchesOf([joined('c')], [joined('d')]);
  // Another session locks all lanes, so that the transaction waits right before its COMMIT.
  await using locker = await openClient();
  await locker.client.query('select pg_advisory_lock(19531, lane) from outbox_lane order by lane');
  const dying = harness.processTogether(batches);
  dying.catch(() => undefined);
  const terminated = (): Promise<unknown[]> =>
    database.query(`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and classid = 19531 and not granted
        and database = (select oid from pg_database where datname = current_database())`);
  await eventually('it waits', terminated, ({ length }) => length > 0);
  await expect(dying).rejects.toThrow();
  await locker.client.end();
  expect([await positions(), await countOf('fact')]).toEqual([['1', '1'], 2]);
  expect(await harness.processTogether(batches)).toMatchObject([
    { kind: 'processed' },
    { kind: 'processed' },
  ]);
  expect([await positions(), await countOf('fact')]).toEqual([['2', '2'], 4]);
});

test('each verification keeps the partition of its reports', async () => {
  await harness.processTogether(
    batchesOf([asked('v0')], [asked('v1')], [asked('v2'), asked('v3')]),
  );
  const rows = await database.query(
    'select verification_id, partition from verification order by verification_id',
  );
  expect(rows).toEqual([
    { verification_id: 'v0', partition: 0 },
    { verification_id: 'v1', partition: 1 },
    { verification_id: 'v2', partition: 2 },
    { verification_id: 'v3', partition: 2 },
  ]);
});
