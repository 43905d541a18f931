import { migrateDatabase } from '@latchkey/postgres';
import { Client, Pool, type QueryResultRow } from 'pg';

export interface TestDatabase extends AsyncDisposable {
  /** A superuser's URL. */
  readonly url: string;
  readonly name: string;
  /** The rows of one statement, as the driver gives them. */
  readonly query: <R extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<R[]>;
}

/** Brings an empty database to a schema. */
export type Migrate = (url: string) => Promise<unknown>;

const migrateHere: Migrate = (url) => migrateDatabase({ url });

let created = 0;

/**
 * A database of its own with the current schema and no rows. Disposing drops it, sessions included.
 *
 * @param server - a superuser's URL
 * @param run - the same for all databases of a run: they are copies of one template
 * @param migrate - how the template gets its schema, the first time that `run` is given
 */
export async function createDatabaseOn(
  server: string,
  run: string,
  migrate: Migrate = migrateHere,
): Promise<TestDatabase> {
  created += 1;
  const name = `test_${run}_${process.pid}_${created}`;
  await onServer(server, async (client) => {
    const template = await ensureTemplate(client, { server, run, migrate });
    await client.query(`create database ${name} template ${template}`);
  });
  return openTestDatabase(server, name);
}

/** A copy of a database as it is now, as a backup would restore it. Ends every session of the original. */
export async function copyDatabaseOn(
  server: string,
  original: TestDatabase,
): Promise<TestDatabase> {
  created += 1;
  const name = `${original.name}_${created}`;
  await onServer(server, async (client) => {
    await client.query(`alter database ${original.name} allow_connections false`);
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
      [original.name],
    );
    await client.query(`create database ${name} template ${original.name}`);
    await client.query(`alter database ${original.name} allow_connections true`);
  });
  return openTestDatabase(server, name);
}

function openTestDatabase(server: string, name: string): TestDatabase {
  const url = withDatabase(server, name);
  const pool = new Pool({ connectionString: url, max: 2, idleTimeoutMillis: 1_000 });
  pool.on('error', () => undefined); // its sessions end when a test stops the server
  return {
    url,
    name,
    query: async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await pool.query<R>(text, [...values]);
      return rows;
    },
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await onServer(server, (client) =>
        client.query(`drop database if exists ${name} with (force)`),
      );
    },
  };
}

/** The migrated database that the others are copies of; the first process of a run creates it. */
async function ensureTemplate(
  client: Client,
  { server, run, migrate }: { server: string; run: string; migrate: Migrate },
): Promise<string> {
  const name = `test_${run}_template`;
  const draft = `test_${run}_draft`;
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
  try {
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rows.length > 0) return name;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft}`);
    await migrate(withDatabase(server, draft));
    await client.query(`alter database ${draft} rename to ${name}`);
    return name;
  } finally {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]);
  }
}

async function onServer(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
