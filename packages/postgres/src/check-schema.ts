import { Failure } from '@latchkey/contracts';
import { listAppliedMigrations } from './migration/list-applied.ts';
import { listMigrations } from './migration/migrations.ts';
import type { Db } from './open-database.ts';
import { sqlStateOf } from './sql-state.ts';

const UNDEFINED_TABLE = '42P01';

/**
 * Makes sure that the database has every migration that this version was written for. It may have
 * more: migrations expand before they contract.
 *
 * @throws Failure `SCHEMA_OLD`, with the names of those that it lacks
 */
export async function checkSchema(db: Db): Promise<void> {
  const applied = new Set(await listApplied(db));
  const missing = (await listMigrations()).filter((name) => !applied.has(name));
  if (missing.length > 0) throw new Failure('SCHEMA_OLD', { missing });
}

async function listApplied(db: Db): Promise<readonly string[]> {
  try {
    const rows = await db.run(listAppliedMigrations, {});
    return rows.map(({ name }) => name);
  } catch (error) {
    if (sqlStateOf(error) === UNDEFINED_TABLE) return [];
    throw error;
  }
}
