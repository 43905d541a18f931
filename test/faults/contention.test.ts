import { expect, inject, test } from 'vitest';
import { contention } from './planted/trials/contention.ts';

test('concurrent transactions on the same events and identities duplicate, lose and reorder nothing', async () => {
  const servers = {
    databaseUrl: inject('databaseUrl'),
    brokers: inject('brokers'),
    runId: inject('runId'),
  };

  expect(await contention(servers)).toEqual([]);
});
