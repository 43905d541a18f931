import { expect, test } from 'vitest';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { openSystem, totalsOf } from '../support/system.ts';

const JOINERS = 1_200;
const WAVE = 200;

test('repeated kill -9 of reconciler and relay loses and duplicates nothing', async () => {
  await using system = await openSystem();
  const joiners = Array.from({ length: JOINERS }, (_, index) =>
    hrEvent('joined', `k${index}`, 1, { startsAt: inDays(-1), attributes: employee('Sales') }),
  );
  let relay = await system.start('relay');
  for (let at = 0; at < JOINERS; at += WAVE) {
    await system.send(...joiners.slice(at, at + WAVE));
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
  expect(totals).toMatchObject({ received: JOINERS, applied: JOINERS, duplicate: 0 });
  const access = system.messages().filter(({ topic }) => topic === 'access');
  expect(access).toHaveLength(2 * JOINERS);
  await system.verify();
});
