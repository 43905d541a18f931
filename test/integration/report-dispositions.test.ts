import { reportDisposition } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';

test('the database allows the report dispositions of the contract, and no other', async () => {
  await using database = await createTestDatabase();
  const [check] = await database.query<{ definition: string }>(
    `select pg_get_constraintdef(oid) as definition from pg_constraint
     where conname = 'verification_callback_disposition_check'`,
  );
  const allowed = [...(check?.definition ?? '').matchAll(/'(\w+)'/g)].map(([, value]) => value);
  expect(allowed.toSorted()).toEqual(reportDisposition.options.toSorted());
});
