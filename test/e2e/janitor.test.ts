import { expect, test } from 'vitest';
import { employee, hrEvent, inDays, ivrEvent } from '../support/events.ts';
import { openSystem } from '../support/system.ts';

test('a reconciler deletes old claims and logs it; redelivered events are recognised all the same', async () => {
  await using system = await openSystem();
  const { query } = system.database;
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  await system.send(
    hrEvent('joined', 'a', 1, data),
    ivrEvent('requested', 'v', { purpose: 'callback', expiresAt: inDays(9) }),
  );
  await system.settled();
  await query("update inbox set received_at = received_at - interval '31 days'");

  // It runs at the start, and every minute.
  const another = await system.start('reconciler');

  await expect.poll(() => query('select from inbox')).toEqual([]);
  const metrics = async (): Promise<string> => (await fetch(`${another.address}/metrics`)).text();
  await expect.poll(metrics).toContain('latchkey_inbox_forgotten_total 2');
  await expect.poll(metrics).toMatch(/latchkey_inbox_remembers_seconds 267\d{4}/);
  expect(await metrics()).toMatch(/latchkey_audit_partitions_seconds 3\d{7}/);
  await expect.poll(() => another.output()).toContain('inbox has forgotten');
  await system.verify();
  const [counts] = await query(
    'select sum(applied)::int as applied, sum(duplicate)::int as duplicate from intake_progress',
  );
  expect(counts).toEqual({ applied: 2, duplicate: 2 });
});
