import { Client } from 'pg';

/** Drops the databases of a run that were not dropped yet: the template, and those of killed tests. */
export async function dropTestDatabases(url: string, runId: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const left = await client.query<{ name: string }>(
      'select datname as name from pg_database where datname like $1',
      [`test\\_${runId}\\_%`],
    );
    for (const { name } of left.rows) {
      await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
    }
  } finally {
    await client.end();
  }
}
