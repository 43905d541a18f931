import { expect, test } from 'vitest';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { spawnService } from '../support/process.ts';
import { openSystem, totalsOf } from '../support/system.ts';

test('reconcilers join and leave while batches are in flight: each event is applied once', async () => {
  await using system = await openSystem({ env: { BATCH_MAX_EVENTS: '50' } });
  const people = Array.from({ length: 1_500 }, (_, index) =>
    hrEvent('joined', `r${index}`, 1, { startsAt: inDays(-1), attributes: employee('Sales') }),
  );
  await system.send(...people.slice(0, 500));
  const second = await system.start('reconciler');
  await system.send(...people.slice(500, 1_000));
  const third = await system.start('reconciler');
  await second.end('SIGTERM');
  await system.send(...people.slice(1_000));
  await third.end('SIGKILL');
  await system.settled();
  expect(await totalsOf(system.database)).toMatchObject({ applied: 1_500, duplicate: 0 });
  await system.verify();
});

test('SIGTERM during processing ends with code 0, and another reconciler continues', async () => {
  await using system = await openSystem();
  const people = Array.from({ length: 600 }, (_, index) =>
    hrEvent('joined', `t${index}`, 1, { startsAt: inDays(-1), attributes: employee('Sales') }),
  );
  await system.send(...people);
  const { code } = await system.reconciler().end('SIGTERM');
  expect(code).toBe(0);
  await system.start('reconciler');
  await system.verify();
});

test('SIGTERM while joining the group ends with code 0', async () => {
  await using system = await openSystem();
  // The group waits for the dead member until its session expires.
  await system.killReconciler();
  await using next = await spawnService('reconciler', { env: system.env });
  const readiness = (): Promise<string> =>
    fetch(`${next.address}/readyz`).then(
      (answer) => answer.text(),
      () => '',
    );
  await expect.poll(readiness).toContain('{"part":"group","why":"joining"}');
  const { code } = await next.end('SIGTERM');
  expect(code, next.output()).toBe(0);
});
