import { expect, test } from 'vitest';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { openSystem, totalsOf } from '../support/system.ts';

const PEOPLE = 1_200;
const WAVE = 200;

test('reconciler and relay killed with -9 again and again: nothing lost, nothing twice', async () => {
  await using system = await openSystem();
  const people = Array.from({ length: PEOPLE }, (_, index) =>
    hrEvent('joined', `k${index}`, 1, { startsAt: inDays(-1), attributes: employee('Sales') }),
  );
  let relay = await system.start('relay');
  for (let at = 0; at < PEOPLE; at += WAVE) {
    await system.send(...people.slice(at, at + WAVE));
    if (at % (3 * WAVE) === 0) {
      await system.killReconciler();
      await system.start('reconciler');
    } else if (at % (3 * WAVE) === WAVE) {
      await relay.end('SIGKILL');
      relay = await system.start('relay');
    }
  }
  await system.settled();
  const totals = await totalsOf(system.database);
  expect(totals).toMatchObject({ received: PEOPLE, applied: PEOPLE, duplicate: 0 });
  const access = system.messages().filter(({ topic }) => topic === 'access');
  expect(access).toHaveLength(2 * PEOPLE);
  await system.verify();
});
