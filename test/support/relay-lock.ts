import { Client } from 'pg';
import { expect } from 'vitest';
import type { TestDatabase } from './database.ts';
import type { ChildService } from './process.ts';

/** Starts a command and kills it once it waits for what a statement of another session holds. */
export async function killWhileWaiting(
  database: TestDatabase,
  hold: string,
  start: () => Promise<ChildService>,
): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(hold);
    const command = await start();
    await expect.poll(() => waitingForLock(database), { message: hold }).toBe(1);
    await command.end('SIGKILL');
    await expect.poll(() => sessions(database), { message: 'its sessions' }).toBe(0);
  } finally {
    await client.end();
  }
}

const OPERATOR = `from pg_stat_activity where datname = current_database()
  and application_name = 'latchkey-operator'`;

async function waitingForLock(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `select count(*)::integer as n ${OPERATOR} and wait_event_type = 'Lock'`,
  );
  return row?.n ?? 0;
}

/** Those that wait for a lock notice that their client is gone once they have it. */
async function sessions(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `select count(*)::integer as n ${OPERATOR} and wait_event_type is distinct from 'Lock'`,
  );
  return row?.n ?? 0;
}
