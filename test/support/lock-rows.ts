import { Client } from 'pg';
import type { TestDatabase } from './database.ts';

/** Another session with an open transaction that has run `statement`. Disposing ends it. */
export async function lockRows({ url }: TestDatabase, statement: string): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query(statement);
  return { [Symbol.asyncDispose]: () => client.end() };
}
