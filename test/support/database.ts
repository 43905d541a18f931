import { inject } from 'vitest';
import { createDatabaseOn, type TestDatabase } from './create-database.ts';

export type { TestDatabase } from './create-database.ts';

/** A database of its own on the server of this run, see `createDatabaseOn`. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabaseOn(inject('databaseUrl'), inject('runId'));
}
