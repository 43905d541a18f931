import { cleanOutbox, type Db, ensureLanes, openDatabase } from '@latchkey/postgres';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { APPEND_ROWS } from '../support/append-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: Db;
let lane = 0;
beforeEach(async () => {
  database = await createTestDatabase();
  db = openDatabase({
    url: database.url,
    role: 'latchkey_relay',
    poolSize: 1,
    applicationName: 'test-relay',
    onConnectionLost: () => undefined,
  });
  await db.run(ensureLanes, { topic: 'one', partitions: 1 });
  await database.query(APPEND_ROWS, ['one', 5, '']);
  const [row] = await database.query<{ lane: number }>('select lane from outbox_lane');
  lane = row?.lane ?? -1;
});
afterEach(async () => {
  await db[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Published up to this position. */
async function published(through: number): Promise<void> {
  await database.query(
    `insert into relay_position (lane, published_through) values ($1, $2)
     on conflict (lane) do update set published_through = excluded.published_through`,
    [lane, through],
  );
}

/** Sets the age of rows, from the first position on. */
async function aged(...minutes: readonly number[]): Promise<void> {
  for (const [at, age] of minutes.entries()) {
    await database.query(
      'update outbox set appended_at = now() - make_interval(mins => $2) where position = $1',
      [at + 1, age],
    );
  }
}

async function positions(): Promise<readonly number[]> {
  const rows = await database.query<{ at: number }>(
    'select position::integer as at from outbox order by position',
  );
  return rows.map(({ at }) => at);
}

async function clean(retentionHours: number): Promise<number | undefined> {
  const [answer] = await db.run(cleanOutbox, { lane, retentionHours, maxRows: 100 });
  return answer?.deleted;
}

test('rows older than the retention are deleted, rows some minutes younger stay', async () => {
  await published(5);
  await aged(125, 121, 119, 3);

  expect(await clean(2)).toBe(2);

  expect(await positions()).toEqual([3, 4, 5]);
});

test('the last published row and unpublished rows stay, however old they are', async () => {
  await published(3);
  await aged(999, 999, 999, 999, 999);

  expect(await clean(2)).toBe(2);

  expect(await positions()).toEqual([3, 4, 5]);
});

test('cleaning waits for a command that places the lane, and keeps the message from which it continues', async () => {
  await published(5);
  await aged(999, 999, 999, 999, 999);
  const command = new Client({ connectionString: database.url });
  await command.connect();
  await command.query('begin');
  await command.query('update relay_position set published_through = 3 where lane = $1', [lane]);

  const cleaning = clean(2);
  const waiting = `select from pg_stat_activity where datname = current_database()
    and application_name = 'test-relay' and wait_event_type = 'Lock'`;
  await expect.poll(async () => (await database.query(waiting)).length).toBe(1);
  await command.query('commit');

  expect(await cleaning).toBe(2);
  expect(await positions()).toEqual([3, 4, 5]);
  await command.end();
});
