import { expect, test } from 'vitest';
import { listMigrations, parseMigration, readMigration } from './migrations.ts';

test('a migration is one transaction, unless its first line states otherwise', () => {
  const text =
    '-- What is new.\ncreate table a ();\n-- outside a transaction\ncreate table b ();\n';
  expect(parseMigration('0001_a', text)).toEqual({ name: '0001_a', text, statements: undefined });
});

test('outside a transaction each statement is sent by itself', () => {
  const text = `-- outside a transaction: it reads a whole table
-- Another comment; with a semicolon.
drop index concurrently if exists a;
create index concurrently a
  on b (c);
`;
  expect(parseMigration('0001_a', text).statements).toEqual([
    'drop index concurrently if exists a',
    'create index concurrently a\n  on b (c)',
  ]);
});

test('only migrations outside a transaction do something concurrently, and these can be repeated', async () => {
  for (const name of await listMigrations()) {
    const { text, statements } = await readMigration(name);
    const made = [...text.matchAll(/create index concurrently (\S+)/g)].map(([, index]) => index);
    if (made.length > 0) expect(statements, name).toBeDefined();
    for (const index of made) {
      expect(statements, name).toContain(`drop index concurrently if exists ${index ?? ''}`);
    }
  }
});
