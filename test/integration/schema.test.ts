import { readFile } from 'node:fs/promises';
import { migrateDatabase } from '@latchkey/postgres';
import { expect, test } from 'vitest';
import { readSchema, SCHEMA_FILE } from '../../tools/generators/read-schema.ts';
import { createTestDatabase } from '../support/database.ts';

test('the generated types are those of the migrations', async () => {
  await using database = await createTestDatabase();
  expect(await readSchema(database.url), 'run `npm run schema`').toBe(
    await readFile(SCHEMA_FILE, 'utf8'),
  );
});

test('migrating again changes nothing, also by two at once', async () => {
  await using database = await createTestDatabase();
  const applied = await Promise.all([
    migrateDatabase({ url: database.url }),
    migrateDatabase({ url: database.url }),
  ]);
  expect(applied).toEqual([[], []]);
});
