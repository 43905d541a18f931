import { makeAuditPartitions, migrateDatabase } from '@latchkey/postgres';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createLogin } from '../support/foreign-defaults.ts';

const INDEX = '0015_identity_folded';

test('a login that may create roles and is no superuser migrates a database that it owns, also by two at once', async () => {
  await using database = await createTestDatabase();
  await using login = await createLogin(database, 'createrole');
  await using own = await createOwnedDatabase(database, login);
  // The rights that it would get by creating the roles, which exist on this server already.
  await database.query(
    `grant latchkey_migrator to ${login.name} with admin true, inherit false, set false`,
  );

  const applied = await Promise.all([migrateDatabase(own), migrateDatabase(own)]);

  expect(applied.map(({ length }) => length).toSorted((a, b) => a - b)[0]).toBe(0);
  expect(applied.flat()).toContain(INDEX);
  expect(await migrateDatabase(own)).toEqual([]);
  expect(await makeAuditPartitions(own)).toEqual([]);
  const client = new Client({ connectionString: own.url });
  await client.connect();
  const { rows } = await client.query(
    `select count(*)::integer as n, bool_and(pg_get_userbyid(relowner) = 'latchkey_migrator') as owned
     from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  );
  expect(rows).toMatchObject([{ owned: true }]);
  await client.end();
  await expectServiceWorks(database, own.name);
});

test('an unfinished index is created again, and the migrations before it are not run again', async () => {
  await using database = await createTestDatabase();
  await database.query(`delete from kysely_migration where name = '${INDEX}'`);
  await database.query(
    "update pg_index set indisvalid = false where indexrelid = 'identity_folded'::regclass",
  );
  expect(await migrateDatabase(database)).toEqual([INDEX]);
  expect(
    await database.query(
      "select indisvalid from pg_index where indexrelid = 'identity_folded'::regclass",
    ),
  ).toEqual([{ indisvalid: true }]);
});

test('a migration waits for a long transaction in short attempts, and sessions behind it continue', async () => {
  await using database = await createTestDatabase();
  await database.query("delete from kysely_migration where name = '0016_installation_id'");
  await database.query('alter table output_state drop column installation_id');
  const old = new Client({ connectionString: database.url });
  await old.connect();
  await old.query('begin; lock table output_state in access share mode');
  const migrating = migrateDatabase(database);
  const waits = `select count(*)::integer as n from pg_stat_activity
    where datname = $1 and application_name = 'latchkey-migrate' and wait_event_type = 'Lock'`;
  const waiting = async (): Promise<unknown> =>
    (await database.query<{ n: number }>(waits, [database.name]))[0]?.n;
  await expect.poll(waiting).toBe(1);
  // It has released its lock: the next session in the queue is served.
  await expect.poll(waiting).toBe(0);
  await old.query('commit');
  expect(await migrating).toEqual(['0016_installation_id']);
  await old.end();
});

interface OwnDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
}

/** An empty database of this login. */
async function createOwnedDatabase(
  database: TestDatabase,
  login: { readonly name: string; readonly url: string },
): Promise<OwnDatabase> {
  const name = `${database.name}_own`;
  await database.query(`create database ${name} owner ${login.name}`);
  const url = new URL(login.url);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await database.query(`drop database ${name} with (force)`);
    },
  };
}

/** With the role of the reconciler it may read positions. */
async function expectServiceWorks(database: TestDatabase, name: string): Promise<void> {
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query('set role latchkey_reconciler');
  expect((await client.query('select from intake_progress')).rows).toEqual([]);
  await expect(client.query('select decisions from audit_entry')).rejects.toThrow(
    'permission denied',
  );
  await client.end();
  expect(database.name).not.toBe(name);
}
