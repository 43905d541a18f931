import { expect, inject, test } from 'vitest';
import { contention } from './planted/trials/contention.ts';

test('transactions that meet over the same events and people double, lose and invert nothing', async () => {
  const servers = {
    databaseUrl: inject('databaseUrl'),
    brokers: inject('brokers'),
    runId: inject('runId'),
  };

  expect(await contention(servers)).toEqual([]);
});
