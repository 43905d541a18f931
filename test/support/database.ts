import { inject } from 'vitest';
import { copyDatabaseOn, createDatabaseOn, type TestDatabase } from './create-database.ts';

export type { TestDatabase } from './create-database.ts';

/** A database of its own on the server of this run, see `createDatabaseOn`. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabaseOn(inject('databaseUrl'), inject('runId'));
}

/** See `copyDatabaseOn`. */
export function copyTestDatabase(original: TestDatabase): Promise<TestDatabase> {
  return copyDatabaseOn(inject('databaseUrl'), original);
}
