import { Client, type QueryResultRow } from 'pg';
import { createDatabaseOn, type TestDatabase } from '../../../support/create-database.ts';
import { dropTestDatabases } from '../../../support/drop-test-databases.ts';
import type { Servers } from '../../system.ts';

/** A database that is being filled. */
export type Filling = Pick<TestDatabase, 'url' | 'query'>;

/**
 * Fills a database once. On the returned servers every new system starts with a copy of it. Disposing drops it.
 *
 * @param name - lower-case letters and digits, unique within a run
 */
export async function filledServers(
  servers: Servers,
  name: string,
  fill: (database: Filling) => Promise<void>,
): Promise<Servers & AsyncDisposable> {
  const runId = `${servers.runId}${name}`;
  // Creates the template of all databases of this run.
  await (await createDatabaseOn(servers.databaseUrl, runId))[Symbol.asyncDispose]();
  const url = new URL(servers.databaseUrl);
  url.pathname = `/test_${runId}_template`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    await fill({
      url: url.href,
      query: async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
        (await client.query<R>(text, [...values])).rows,
    });
    // Otherwise copies would do this while they are measured.
    await client.query('vacuum (freeze, analyze)');
  } finally {
    await client.end();
  }
  return {
    ...servers,
    runId,
    [Symbol.asyncDispose]: () => dropTestDatabases(servers.databaseUrl, runId),
  };
}
