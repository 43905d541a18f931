import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Session } from './in-transaction.ts';
import { listAppliedMigrations } from './migration/list-applied.ts';
import { listMigrations, readMigration } from './migration/migrations.ts';
import { PREPARE_MIGRATIONS } from './migration/prepare-migrations.ts';
import { retryLocked, runMigration } from './migration/run-migration.ts';
import { openDatabase } from './open-database.ts';
import { statement } from './statement.ts';

/** That of kysely's migrator, so that an older version waits too. */
const LOCK_ID = '3853314791062309107';
const POLL_EVERY_MS = 200;
const WAIT_MAX_MS = 3_600_000;

/**
 * Brings the database to the current schema: every migration that it lacks, oldest first, each in a transaction of its own
 * unless its first line states otherwise. One run at a time: safe to run twice and by two at once. A run that fails leaves
 * the migrations before the failed one applied; the next run continues with that one. Returns the names of those that were applied, oldest first.
 *
 * @throws Error when another run is under way for an hour
 */
export async function migrateDatabase(options: {
  readonly url: string;
  /** Once aborted the database is waited for no longer. */
  readonly giveUp?: AbortSignal;
}): Promise<readonly string[]> {
  await using db = openDatabase({
    ...options,
    role: undefined,
    purpose: 'migration',
    poolSize: 1,
    applicationName: 'latchkey-migrate',
    onConnectionLost: () => undefined, // the migration itself fails with the reason
  });
  return await db.session(async (session) => {
    await acquireTurn(session, options.giveUp);
    await retryLocked(() => session.script(PREPARE_MIGRATIONS));
    const applied = new Set((await session.run(listAppliedMigrations, {})).map(({ name }) => name));
    const missing = (await listMigrations()).filter((name) => !applied.has(name));
    for (const name of missing) {
      // eslint-disable-next-line no-await-in-loop -- one after the other
      await runMigration(session, await readMigration(name));
    }
    // The session ends with the pool, and its lock with it.
    return missing;
  });
}

/** Polls: `create index concurrently` would wait for a session that waits in a statement. */
async function acquireTurn(session: Session, giveUp: AbortSignal | undefined): Promise<void> {
  for (let waitedMs = 0; waitedMs < WAIT_MAX_MS; waitedMs += POLL_EVERY_MS) {
    // eslint-disable-next-line no-await-in-loop -- one poll after the other
    const [row] = await session.run(tryMigrationLock, {});
    if (row?.acquired === true) return;
    // eslint-disable-next-line no-await-in-loop -- one poll after the other
    await pause(POLL_EVERY_MS, undefined, { signal: giveUp });
  }
  throw new Error('another migration of this database has been under way for an hour');
}

const tryMigrationLock = statement<object, { acquired: boolean }>(
  'try_migration_lock',
  () => sql`select pg_try_advisory_lock(${sql.raw(LOCK_ID)}) as acquired`,
);
