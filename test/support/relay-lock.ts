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
  await holding(database, hold, async () => {
    const command = await start();
    await untilWaiting(database, hold);
    await command.end('SIGKILL');
    await expect.poll(() => sessions(database), { message: 'its sessions' }).toBe(0);
  });
}

/** Starts a command, and does something else once it waits for what a statement of another session holds. */
export async function whileWaiting<T>(
  database: TestDatabase,
  hold: string,
  start: () => Promise<T>,
  work: () => Promise<unknown>,
): Promise<T> {
  const { command } = await holding(database, hold, async () => {
    const started = start();
    await untilWaiting(database, hold);
    await work();
    return { command: started };
  });
  return command;
}

async function holding<T>(
  database: TestDatabase,
  hold: string,
  work: () => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(hold);
    return await work();
  } finally {
    await client.end();
  }
}

async function untilWaiting(database: TestDatabase, hold: string): Promise<void> {
  await expect.poll(() => waitingForLock(database), { message: hold }).toBe(1);
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
