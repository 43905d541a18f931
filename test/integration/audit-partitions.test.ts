import { listMigrations, makeAuditPartitions, readMigration } from '@latchkey/postgres';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const MONTHS_AHEAD = 12;

const INSERT = `insert into audit_entry
  (decided_at, subject_kind, subject_id, trigger, decider, owner, decisions)`;

function entry(subject: string, at: string): string {
  return `${INSERT} values (${at}, 'identity', '${subject}', 'event', 'policy:x', 'iam', '[]')`;
}

function monthsFromNow(months: number): string {
  return `date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + interval '${months} months 1 hour'`;
}

async function placeOf({ query }: TestDatabase, subject: string): Promise<string | undefined> {
  const rows = await query<{ place: string }>(
    'select tableoid::regclass::text as place from audit_entry where subject_id = $1',
    [subject],
  );
  return rows[0]?.place;
}

/** As if the last migration was so many months ago: later partitions were never created. */
async function dropMonths({ query }: TestDatabase, count: number): Promise<void> {
  const rows = await query<{ name: string }>(
    `select relname as name from pg_class
     where relname ~ '^audit_entry_\\d{4}_\\d{2}$' order by relname desc limit $1`,
    [count],
  );
  for (const { name } of rows) await query(`drop table ${name}`);
}

test('an entry goes to its month, or to the default partition where there is none', async () => {
  await using database = await createTestDatabase();
  await database.query(entry('long ago', "'1999-01-01'"));
  await database.query(entry('now', 'now()'));
  await database.query(entry('soon', monthsFromNow(2)));
  await database.query(entry('far away', monthsFromNow(99)));
  expect(await placeOf(database, 'long ago')).toBe('audit_entry_earlier');
  expect(await placeOf(database, 'now')).toBe('audit_entry_earlier');
  expect(await placeOf(database, 'soon')).toMatch(/^audit_entry_\d{4}_\d{2}$/);
  expect(await placeOf(database, 'far away')).toBe('audit_entry_default');
});

test('months are created a year ahead, also by two processes at once, and entries of the default partition move to them', async () => {
  await using database = await createTestDatabase();
  await dropMonths(database, MONTHS_AHEAD - 1);
  await database.query(entry('caught', monthsFromNow(3)));
  expect(await placeOf(database, 'caught')).toBe('audit_entry_default');

  const made = await Promise.all([makeAuditPartitions(database), makeAuditPartitions(database)]);

  expect(made.flat()).toHaveLength(MONTHS_AHEAD - 1);
  expect(await placeOf(database, 'caught')).toMatch(/^audit_entry_\d{4}_\d{2}$/);
  expect(await makeAuditPartitions(database)).toEqual([]);
  const [end] = await database.query<{ ahead: boolean }>(
    `select audit_partitions_end() > now() + interval '${MONTHS_AHEAD} months' as ahead`,
  );
  expect(end).toEqual({ ahead: true });
});

test('creating months does not wait for sessions that append', async () => {
  await using database = await createTestDatabase();
  await dropMonths(database, 3);
  const appending = new Client({ connectionString: database.url });
  await appending.connect();
  await appending.query('begin');
  await appending.query(entry('open', 'now()'));
  expect(await makeAuditPartitions(database)).toHaveLength(3);
  await appending.query('commit');
  await appending.end();
  expect(await placeOf(database, 'open')).toBe('audit_entry_earlier');
});

test('no service can create a partition', async () => {
  await using database = await createTestDatabase();
  for (const role of ['latchkey_reconciler', 'latchkey_operator', 'latchkey_relay']) {
    await expect(
      database.query(`set local role ${role}; select make_audit_partitions(24)`),
      role,
    ).rejects.toThrow('permission denied');
  }
});

test('a database in use keeps its trail and its sequence', async () => {
  await using database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  const migrations = await Promise.all((await listMigrations()).map(readMigration));
  const upTo = migrations.findIndex(({ name }) => name.startsWith('0006'));
  await client.query('create table kysely_migration (name text)');
  for (const { text } of migrations.slice(0, upTo)) await client.query(text);
  await client.query(
    `${INSERT} select now() - make_interval(days => n), 'identity', 's' || n, 'event', 'policy:x', 'iam', '[]'
     from generate_series(1, 500) as n`,
  );
  const trail = 'select audit_id, decided_at, subject_id from audit_entry order by audit_id';
  const before = await client.query(trail);

  // The login of later migrations is a member of it, and no superuser.
  await client.query('set role latchkey_migrator');
  for (const { text, statements } of migrations.slice(upTo)) {
    for (const each of statements ?? [`begin; ${text} commit`]) await client.query(each);
  }

  expect((await client.query(trail)).rows).toEqual(before.rows);
  const { rows } = await client.query<{ audit_id: string }>(
    `${entry('next', 'now()')} returning audit_id`,
  );
  expect(rows).toEqual([{ audit_id: '501' }]);
  await client.end();
});
