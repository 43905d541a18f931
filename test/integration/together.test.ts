import type { Batch } from '@latchkey/intake';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';
import { asked } from '../support/workday.ts';

let database: TestDatabase;
let desk: IntakeDesk;
beforeEach(async () => {
  database = await createTestDatabase();
  desk = await openIntakeDesk(database);
});
afterEach(async () => {
  await desk[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string, department = 'Sales'): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-9), attributes: employee(department) });
}

/** One more of each partition. */
function batchesOf(...events: readonly (readonly SentEvent[])[]): readonly Batch[] {
  return events.map((some, partition) => desk.batchOf(some, partition));
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

test('batches of several partitions are applied in one transaction, each counted by itself', async () => {
  const taken = await desk.takeTogether(batchesOf([joined('a'), joined('b')], [joined('c')], []));
  expect(taken).toMatchObject([
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
  const taken = await desk.takeTogether(batchesOf([event], [event, joined('b')], [other]));
  expect(taken).toMatchObject([
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
  const taken = await desk.takeTogether(batchesOf([joined('a')], [broken]));
  expect(taken).toMatchObject([{ counts: { applied: 1 } }, { counts: { deadLetter: 1 } }]);
  expect(await database.query('select partition, epoch from dead_letter')).toEqual([
    { partition: 1, epoch: 0 },
  ]);
});

test('batches that come again are done, beside one that is new', async () => {
  const again = batchesOf([joined('a')], [joined('b')]);
  await desk.takeTogether(again);
  const taken = await desk.takeTogether([...again, desk.batchOf([joined('c')], 2)]);
  expect(taken).toMatchObject([{ kind: 'done' }, { kind: 'done' }, { kind: 'processed' }]);
  expect(await countOf('fact')).toBe(3);
});

test('a batch from above its position and one of another log change nothing for the others', async () => {
  await desk.takeTogether(batchesOf([joined('a')], [joined('b')]));
  const other = { ...desk.batchOf([joined('x'), joined('y')], 1), fetchedOffset: 0n };
  const [first, second] = other.deliveries;
  if (first === undefined || second === undefined) throw new Error('no deliveries');
  const differs = {
    ...other,
    deliveries: [
      { ...first, offset: 0n },
      { ...second, offset: 1n },
    ],
  };
  desk.batchOf([joined('skipped')], 0);
  const ahead = desk.batchOf([joined('z')], 0);
  const taken = await desk.takeTogether([ahead, differs, desk.batchOf([joined('c')], 2)]);
  expect(taken).toMatchObject([
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

test('a partition that somebody holds is left out, and the others do not wait for it', async () => {
  await desk.takeTogether(batchesOf([joined('a')], [joined('b')]));
  const next = batchesOf([joined('c')], [joined('d')]);
  await using holder = await openClient();
  await holder.client.query('begin');
  await holder.client.query('select from intake_progress where partition = 0 for update');
  expect(await desk.takeTogether(next)).toMatchObject([{ kind: 'locked' }, { kind: 'processed' }]);
  await holder.client.query('commit');
  expect(await positions()).toEqual(['1', '2']);
  expect(await desk.takeTogether(next)).toMatchObject([{ kind: 'processed' }, { kind: 'done' }]);
});

test('the same partitions taken together twice at once: each event is applied once', async () => {
  const events = [0, 1, 2].map((at) =>
    Array.from({ length: 40 }, (_, of) => joined(`${at}-${of}`)),
  );
  const batches = batchesOf(...events);
  const reversed = batches.toReversed();
  await Promise.all([desk.takeTogether(batches), desk.takeTogether(reversed)]);
  await desk.takeTogether(batches);
  expect(await positions()).toEqual(['40', '40', '40']);
  expect(await countOf('fact')).toBe(120);
});

test('a session that dies half-way leaves nothing of any batch, and they are applied once after it', async () => {
  await desk.takeTogether(batchesOf([joined('a')], [joined('b')]));
  const batches = batchesOf([joined('c')], [joined('d')]);
  // Somebody else holds all lanes, so that the transaction waits right before its COMMIT.
  await using holder = await openClient();
  await holder.client.query('select pg_advisory_lock(19531, lane) from outbox_lane order by lane');
  const dying = desk.takeTogether(batches);
  dying.catch(() => undefined);
  const terminated = (): Promise<unknown[]> =>
    database.query(`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and classid = 19531 and not granted`);
  await eventually('it waits', terminated, ({ length }) => length > 0);
  await expect(dying).rejects.toThrow();
  await holder.client.end();
  expect([await positions(), await countOf('fact')]).toEqual([['1', '1'], 2]);
  expect(await desk.takeTogether(batches)).toMatchObject([{ kind: 'processed' }, { kind: 'processed' }]);
  expect([await positions(), await countOf('fact')]).toEqual([['2', '2'], 4]);
});

test('each verification keeps the partition in which it was reported', async () => {
  await desk.takeTogether(batchesOf([asked('v0')], [asked('v1')], [asked('v2'), asked('v3')]));
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
