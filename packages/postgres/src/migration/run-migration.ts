import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '../in-transaction.ts';
import { SESSION_PROFILES } from '../session/profile.ts';
import { sqlStateOf } from '../sql-state.ts';
import type { Migration } from './migrations.ts';

/** A lock was not acquired in time, or two sessions waited for each other. */
const LOCK_STATES: ReadonlySet<string> = new Set(['55P03', '40P01']);
const LOCK_MAX_TRIES = 10;
const BETWEEN_TRIES_MS = 1_000;
const LOCK_TIMEOUT = SESSION_PROFILES.migration.settings['lock_timeout'] ?? '0';

/**
 * Runs one migration and records it. Resolved: all of it is done. Rejected: nothing of it is, or, outside a transaction,
 * the statements before the one that failed; it is not recorded then, and runs again from its start.
 */
export async function runMigration(session: Session, migration: Migration): Promise<void> {
  const { name, text, statements } = migration;
  if (statements === undefined) {
    await retryLocked(() => inOneTransaction(session, `${text}\n;${noted(name)}`));
    return;
  }
  // No session queues behind it: statements outside a transaction block neither readers nor writers.
  await session.script('set lock_timeout to 0');
  for (const statement of statements) {
    // eslint-disable-next-line no-await-in-loop -- one after the other
    await session.script(statement);
  }
  await session.script(`set lock_timeout to '${LOCK_TIMEOUT}'`);
  await session.script(noted(name));
}

/**
 * Repeats work that did not get its lock within the `lock_timeout` of the session, ten times at most. The services that
 * queue behind it continue in between.
 */
export async function retryLocked<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      // eslint-disable-next-line no-await-in-loop -- a try after the other
      return await work();
    } catch (error) {
      if (tries === LOCK_MAX_TRIES || !LOCK_STATES.has(sqlStateOf(error) ?? '')) throw error;
    }
    // eslint-disable-next-line no-await-in-loop -- a try after the other
    await pause(BETWEEN_TRIES_MS);
  }
}

async function inOneTransaction(session: Session, text: string): Promise<void> {
  try {
    await session.script(`begin isolation level read committed;\n${text};\ncommit`);
  } catch (error) {
    // A lost connection has rolled back by itself.
    await session.script('rollback').catch(() => undefined);
    throw error;
  }
}

/** In the table and the format of kysely's migrator, which older versions used. */
function noted(name: string): string {
  return `insert into kysely_migration (name, timestamp) values ('${name}',
    to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
}
