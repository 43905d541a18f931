import { expect, test } from 'vitest';
import { createForeignLogin } from '../support/foreign-defaults.ts';
import { openSystem } from '../support/system.ts';
import { joinMoveAndLeave, verifyCallsInEveryOrder } from './s1-and-s21.ts';

test('S1 and S21 through services whose database, login and URL preset everything otherwise', async () => {
  await using system = await openSystem({ login: createForeignLogin });
  await joinMoveAndLeave(system, 's1');
  await verifyCallsInEveryOrder(system);
  await system.verify();
  const sessions = await system.database.query(
    `select distinct usename from pg_stat_activity where datname = current_database()
     and application_name like 'latchkey-%'`,
  );
  expect(sessions).toEqual([{ usename: `login_${system.database.name}` }]);
});
