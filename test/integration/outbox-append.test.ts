import { appendOutbox, ensureLanes, type OutboxMessage, openDatabase } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: ReturnType<typeof openDatabase>;
let lanes: readonly number[];
beforeEach(async () => {
  database = await createTestDatabase();
  db = openDatabase({
    url: database.url,
    role: 'latchkey_reconciler',
    poolSize: 1,
    applicationName: 'test-append',
    onConnectionLost: () => undefined,
  });
  await db.run(ensureLanes, { topic: 'one', partitions: 2 });
  const rows = await database.query<{ lane: number }>('select lane from outbox_lane order by lane');
  lanes = rows.map(({ lane }) => lane);
});
afterEach(async () => {
  await db[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

let messages = 0;
function messageIn(lane: number | undefined): OutboxMessage {
  messages += 1;
  const ceId = `00000000-0000-4000-8000-${String(messages).padStart(12, '0')}`;
  return { lane: lane ?? -1, ceId, key: 'k', headers: {}, payload: '{}', generation: 1n };
}

/** Appends so many messages to the first lane, and one to the second. */
async function append(count: number): Promise<void> {
  const all = [...Array.from({ length: count }, () => messageIn(lanes[0])), messageIn(lanes[1])];
  await db.transaction((tx) => {
    appendOutbox(tx, all);
    return Promise.resolve();
  });
}

async function positions(): Promise<readonly (readonly number[])[]> {
  const rows = await database.query<{ lane: number; at: number }>(
    'select lane, position::integer as at from outbox order by position',
  );
  return lanes.map((lane) => rows.filter((row) => row.lane === lane).map(({ at }) => at));
}

async function published(through: number): Promise<void> {
  await database.query('insert into relay_position (lane, published_through) values ($1, $2)', [
    lanes[0],
    through,
  ]);
}

test('positions begin at 1 and continue from the last one, separately in each lane', async () => {
  await append(2);
  await append(1);

  expect(await positions()).toEqual([
    [1, 2, 3],
    [1, 2],
  ]);
});

test('where all published rows are deleted, positions continue from the published position', async () => {
  await append(3);
  await published(3);
  await database.query('delete from outbox');

  await append(2);

  expect(await positions()).toEqual([[4, 5], [1]]);
});

test('the published position does not matter where later rows exist', async () => {
  await append(3);
  await published(2);

  await append(1);

  expect(await positions()).toEqual([
    [1, 2, 3, 4],
    [1, 2],
  ]);
});
