import { expect, test } from 'vitest';
import { employee, hrEvent, inSeconds } from '../support/events.ts';
import { enabledAccess, knownPerson } from '../support/persons.ts';
import { openSystem } from '../support/system.ts';

test('S12 future hire, missed weekend: lifecycle and audit in order, access as it is at the end', async () => {
  await using system = await openSystem();
  const startsAt = inSeconds(2);
  const endsAt = inSeconds(4);
  await system.send(
    hrEvent('joined', 's12', 1, { startsAt, attributes: employee('Sales') }),
    hrEvent('left', 's12', 2, { endsAt }),
  );
  await system.settled();
  const before = await knownPerson(system, 's12');
  expect(before.lifecycles).toEqual(['pre_active']);
  expect(before.access).toEqual([]);
  await system.killReconciler();
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(endsAt) + 1_000);
  await system.start('reconciler');
  await expect
    .poll(async () => (await knownPerson(system, 's12')).lifecycles)
    .toEqual(['pre_active', 'active', 'inactive']);
  const known = await knownPerson(system, 's12');
  expect(enabledAccess(known)).toEqual({});
  const changes = system
    .messages()
    .filter(({ topic, key }) => topic === 'lifecycle' && key === known.identityId);
  expect(changes.map(({ data }) => data['effectiveAt'])).toEqual([
    expect.any(String),
    startsAt,
    endsAt,
  ]);
  const audit = await system.database.query<{ trigger: string; decisions: string }>(
    'select trigger, decisions from audit_entry where subject_id = $1 order by audit_id',
    [known.identityId],
  );
  expect(audit.filter(({ trigger }) => trigger === 'clock')).toHaveLength(1);
  await system.verify();
});

test('a due change is decided by the clock, and not early', async () => {
  await using system = await openSystem();
  const startsAt = inSeconds(3);
  await system.send(hrEvent('joined', 'due', 1, { startsAt, attributes: employee('Sales') }));
  await system.settled();
  await expect
    .poll(async () => enabledAccess(await knownPerson(system, 'due')))
    .toEqual({ directory: ['everyone'], mail: ['mailbox'] });
  const decided = system
    .messages()
    .filter(({ topic }) => topic === 'access')
    .map(({ headers }) => Date.parse(headers['ce_time'] ?? ''));
  for (const at of decided) expect(at).toBeGreaterThanOrEqual(Date.parse(startsAt));
  await system.verify();
});
