import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { openDatabase } from './open-database.ts';

const FOLDER = fileURLToPath(new URL('../../../migrations/', import.meta.url));

/**
 * Brings the database to the current schema: every migration that it lacks, in one transaction,
 * under a lock, so that it is safe to run twice and by two at once. Returns the names of those that
 * were applied, oldest first.
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
    poolSize: 2,
    applicationName: 'latchkey-migrate',
    onConnectionLost: () => undefined, // the migration itself fails with the reason
  });
  const migrator = new Migrator({ db: db.kysely, provider: sqlFiles });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw error as Error;
  return (results ?? []).map((result) => result.migrationName);
}

/** The names of the migrations that this version of the code was written for, oldest first. */
export async function listMigrations(): Promise<readonly string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

const sqlFiles: MigrationProvider = {
  async getMigrations() {
    const names = await listMigrations();
    const texts = await Promise.all(names.map((name) => readFile(`${FOLDER}${name}.sql`, 'utf8')));
    return Object.fromEntries(names.map((name, index) => [name, asMigration(texts[index] ?? '')]));
  },
};

function asMigration(text: string): Migration {
  return {
    async up(db) {
      await sql.raw(text).execute(db);
    },
  };
}
