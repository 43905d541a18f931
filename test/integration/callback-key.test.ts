import { listMigrations, readMigration } from '@latchkey/postgres';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';

/** As a version before the callback id writes a report. */
const OLD_INSERT = `insert into verification_callback
  (event_id, fingerprint, verification_id, type, disposition, data, taken_at)
  select $1 || n, sha256('x'), 'v1', 'requested', 'accepted', '{}', now() from generate_series(1, $2) as n`;

test('a callback id is the event id in every row that exists, and in every row of a service of the version before', async () => {
  await using database = await createTestDatabase();
  await using client = await connect(database.url);
  const { query } = client;
  await query('drop schema public cascade');
  await query('create schema public');
  await query('create table kysely_migration (name text)');
  const migrations = await Promise.all((await listMigrations()).map(readMigration));
  const write = async (prefix: string, count: number): Promise<void> => {
    await using old = await connect(database.url);
    await old.query('set role latchkey_reconciler');
    await old.query(OLD_INSERT, [prefix, count]);
  };
  for (const { name, text, statements } of migrations) {
    if (name.startsWith('0025')) await write('before ', 12_000);
    for (const each of statements ?? [`begin; ${text} ;commit`]) {
      // An old service writes while the rows are filled.
      const filling = each.startsWith('call fill_callback_ids');
      await Promise.all([query(each), filling ? write('meanwhile ', 100) : undefined]);
    }
    if (name.startsWith('0025')) await write('after 0025 ', 10);
    if (name.startsWith('0027')) await write('after 0027 ', 10);
  }

  expect(
    await query(
      'select count(*)::integer as n, bool_and(callback_id = event_id) as same from verification_callback',
    ),
  ).toEqual([{ n: 12_120, same: true }]);
  expect(
    await query(
      "select indexrelid::regclass::text as name from pg_index where indrelid = 'verification_callback'::regclass and indisvalid order by 1",
    ),
  ).toMatchObject([
    { name: 'verification_callback_event' },
    { name: 'verification_callback_pkey' },
    { name: 'verification_callback_verification' },
  ]);
  await expect(write('before ', 1)).rejects.toMatchObject({ code: '23505' });
});

test('many callbacks claim no event, and one at most claims each', async () => {
  await using database = await createTestDatabase();
  const write = (callbackId: string | null, eventId: string | null) =>
    database.query(
      `insert into verification_callback
         (callback_id, event_id, verification_id, type, disposition, data, taken_at)
       values ($1, $2, 'v1', 'step', 'no_database', '{}', now())`,
      [callbackId, eventId],
    );
  await write('c1', null);
  await write('c2', null);
  await write('c3', 'e1');
  await expect(write('c1', null)).rejects.toMatchObject({ code: '23505' });
  await expect(write('c4', 'e1')).rejects.toMatchObject({ code: '23505' });
  await expect(write(null, null)).rejects.toMatchObject({ code: '23502' });
});

test('only what Kafka delivered must have coordinates', async () => {
  await using database = await createTestDatabase();
  const write = (origin: string, offset: number | null) =>
    database.query(
      `insert into dead_letter (id, code, cause, origin, topic, partition, "offset", headers, taken_at)
       values (gen_random_uuid(), 'C', 'c', $1, 't', 0, $2, '[]', now())`,
      [origin, offset],
    );
  await write('kafka', 1);
  await write('operator', null);
  await expect(write('kafka', null)).rejects.toMatchObject({
    constraint: 'dead_letter_coordinates_check',
  });
  await expect(write('elsewhere', 2)).rejects.toMatchObject({
    constraint: 'dead_letter_origin_check',
  });
});

interface Connection extends AsyncDisposable {
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly unknown[]>;
}

async function connect(connectionString: string): Promise<Connection> {
  const client = new Client({ connectionString });
  await client.connect();
  return {
    query: async (text, values) => {
      const { rows } = await client.query<object>(
        text,
        values === undefined ? undefined : [...values],
      );
      return rows;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
