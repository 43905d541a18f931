import { Client } from 'pg';
import { expect } from 'vitest';
import type { TestDatabase } from './database.ts';
import type { ChildService } from './process.ts';

/** Starts a command and kills it once it waits for what a statement of another session has locked. */
export async function killWhileWaiting(
  database: TestDatabase,
  lock: string,
  start: () => Promise<ChildService>,
): Promise<void> {
  await whileLocked(database, lock, async () => {
    const command = await start();
    await untilWaiting(database, lock);
    await command.end('SIGKILL');
    await expect.poll(() => sessions(database), { message: 'its sessions' }).toBe(0);
  });
}

/** Starts a command, and does `work` once it waits for what a statement of another session has locked. */
export async function whileWaiting<T>(
  database: TestDatabase,
  lock: string,
  start: () => Promise<T>,
  work: () => Promise<unknown>,
): Promise<T> {
  const { command } = await whileLocked(database, lock, async () => {
    const started = start();
    await untilWaiting(database, lock);
    await work();
    return { command: started };
  });
  return command;
}

async function whileLocked<T>(
  database: TestDatabase,
  lock: string,
  work: () => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(lock);
    return await work();
  } finally {
    await client.end();
  }
}

async function untilWaiting(database: TestDatabase, lock: string): Promise<void> {
  await expect.poll(() => waitingForLock(database), { message: lock }).toBe(1);
}

const OPERATOR = `from pg_stat_activity where datname = current_database()
  and application_name = 'latchkey-operator'`;

async function waitingForLock(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `select count(*)::integer as n ${OPERATOR} and wait_event_type = 'Lock'`,
  );
  return row?.n ?? 0;
}

/** Without those that wait for a lock: they notice that their client is gone only once they have it. */
async function sessions(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `select count(*)::integer as n ${OPERATOR} and wait_event_type is distinct from 'Lock'`,
  );
  return row?.n ?? 0;
}
