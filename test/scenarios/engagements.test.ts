import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CONTRACTORS,
  employee,
  hrEvent,
  inDays,
  inSeconds,
  SECURITY,
  type SentEvent,
} from '../support/events.ts';
import { enabledAccess, knownPerson, knownPersons, sendInEveryOrder } from '../support/persons.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(async () => {
  await system.verify();
  await system[Symbol.asyncDispose]();
});

test('S9 two engagements: when one ends only its reasons go, without changes in between', async () => {
  await system.send(
    hrEvent('joined', 's9', 1, {
      engagement: 'A-s9',
      startsAt: inDays(-90),
      attributes: employee('Sales'),
    }),
    hrEvent('joined', 's9', 2, {
      engagement: 'B-s9',
      startsAt: inDays(-60),
      attributes: employee('Sales', { employmentType: 'contractor' }),
    }),
  );
  await system.settled();
  expect(enabledAccess(await knownPerson(system, 's9'))).toEqual({
    directory: ['everyone'],
    mail: ['mailbox'],
  });
  await system.send(hrEvent('left', 's9', 3, { engagement: 'A-s9', endsAt: inDays(-1) }));
  await system.settled();
  const known = await knownPerson(system, 's9');
  expect(enabledAccess(known)).toEqual({ directory: ['everyone'] });
  expect(known.accounts['mail']?.account.state).toBe('disabled');
  expect(known.accounts['mail']?.entitlements).toEqual([]);
  expect(known.lifecycles).toEqual(['active']);
  const directory = known.access.filter(({ target }) => target === 'directory');
  expect(directory.every(({ account }) => account.state === 'enabled')).toBe(true);
  expect(directory.flatMap(({ changes }) => changes.map(({ kind }) => kind))).not.toContain(
    'revoke',
  );
});

test('S10 a date at a place ends at the end of that local day', async () => {
  const places = ['Pacific/Auckland', 'America/Los_Angeles'];
  for (const [index, zone] of places.entries()) {
    const date = new Date().toLocaleDateString('sv-SE', { timeZone: zone });
    await system.send(
      hrEvent('joined', `s10-${index}`, 1, {
        startsAt: inDays(-90),
        attributes: employee('Sales'),
      }),
      hrEvent('left', `s10-${index}`, 2, { endsAt: { date, zone } }),
    );
  }
  // In Berlin 2026-03-29 has 23 hours and 2026-10-25 has 25.
  await system.send(
    hrEvent('joined', 's10-short', 1, {
      startsAt: { date: '2026-01-01', zone: 'Europe/Berlin' },
      endsAt: { date: '2026-03-29', zone: 'Europe/Berlin' },
      attributes: employee('Sales'),
    }),
    hrEvent('joined', 's10-long', 1, {
      startsAt: { date: '2026-01-01', zone: 'Europe/Berlin' },
      endsAt: { date: '2026-10-25', zone: 'Europe/Berlin' },
      attributes: employee('Sales'),
    }),
  );
  await system.settled();
  for (const [index, zone] of places.entries()) {
    const known = await knownPerson(system, `s10-${index}`);
    expect(known.lifecycles.at(-1)).toBe('active');
    const [row] = await system.database.query<{ next: Date }>(
      'select next_transition_at as next from identity where identity_id = $1',
      [known.identityId],
    );
    const next = row?.next ?? new Date(0);
    expect(next.toLocaleTimeString('en-GB', { timeZone: zone })).toBe('00:00:00');
    expect(next.getTime()).toBeGreaterThan(Date.now());
    expect(next.getTime() - Date.now()).toBeLessThanOrEqual(25 * 3_600_000);
  }
  const ends = await system.database.query<{ external_id: string; ends_at: Date }>(
    `select external_id, ends_at from engagement where external_id in ('s10-short', 's10-long')
     order by external_id`,
  );
  expect(ends.map(({ ends_at }) => ends_at.toISOString())).toEqual([
    '2026-10-25T23:00:00.000Z',
    '2026-03-29T22:00:00.000Z',
  ]);
});

test('S11 block: access ends at once, stays off through an ordinary leaver, and is decided after the release', async () => {
  const security = (kind: string, time: string): SentEvent =>
    hrEvent(
      'x',
      's11',
      1,
      {},
      {
        source: SECURITY,
        type: `latchkey.person.${kind}.v1`,
        time,
        data: { person: { source: 'urn:example:hr', externalId: 's11' }, reason: 'stolen laptop' },
      },
    );
  await system.send(
    hrEvent('joined', 's11', 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
  );
  await system.settled();
  await system.send(security('blocked', inSeconds(-60)));
  await system.settled();
  const blocked = await knownPerson(system, 's11');
  expect(enabledAccess(blocked)).toEqual({});
  expect(blocked.accounts['directory']?.account.state).toBe('disabled');
  expect(blocked.accounts['directory']?.entitlements.map(({ name }) => name)).toEqual(['everyone']);
  await system.send(hrEvent('left', 's11', 2, { endsAt: inDays(30) }));
  await system.settled();
  expect(enabledAccess(await knownPerson(system, 's11'))).toEqual({});
  await system.send(security('released', inSeconds(-30)));
  await system.settled();
  const released = await knownPerson(system, 's11');
  expect(enabledAccess(released)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
  expect(released.lifecycles).toEqual(['active', 'suspended', 'active']);
});

test('S11b immediate: access ends at once, and no later ordinary end gives it back', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
    hrEvent('left', person, 2, { endsAt: inDays(5), immediate: true }),
    hrEvent('left', person, 3, { endsAt: inDays(30) }),
    hrEvent('stated', person, 4, {
      startsAt: inDays(-90),
      endsAt: inDays(30),
      timeline: [{ from: inDays(-90), attributes: employee('Sales') }],
    }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(one.lifecycles.at(-1)).toBe('leaving');
    expect(enabledAccess(one)).toEqual({});
  }
});

test('S15 generations count per account: a new account of the same person starts at 1', async () => {
  await system.send(
    hrEvent('joined', 's15', 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
  );
  await system.settled();
  for (const [revision, location] of [
    [2, 'Oslo'],
    [3, 'Bergen'],
  ] as const) {
    await system.send(
      hrEvent('moved', 's15', revision, { effectiveAt: inDays(-10), attributes: { location } }),
    );
    await system.settled();
  }
  await system.send(
    hrEvent('moved', 's15', 4, { effectiveAt: inDays(-5), attributes: { department: 'Finance' } }),
  );
  await system.settled();
  const { access } = await knownPerson(system, 's15');
  const finance = access.filter(({ target }) => target === 'finance');
  const directory = access.filter(({ target }) => target === 'directory');
  expect(finance.map(({ generation }) => generation)).toEqual([1]);
  expect(directory.map(({ generation }) => generation)).toEqual([1, 2, 3, 4]);
  const highest = new Map<string, number>();
  const applied = access.filter(({ accountId, generation }) => {
    const isNew = generation > (highest.get(accountId) ?? 0);
    if (isNew) highest.set(accountId, generation);
    return isNew;
  });
  expect(applied).toHaveLength(access.length);
});

test('a contractor of a source without revisions is ordered by time', async () => {
  const at = (time: string, department: string): SentEvent =>
    hrEvent(
      'joined',
      'c1',
      1,
      {
        startsAt: inDays(-9),
        attributes: employee(department, { employmentType: 'contractor' }),
      },
      { source: CONTRACTORS, time },
    );
  await system.send(at(inSeconds(-10), 'Finance'), at(inSeconds(-20), 'Sales'));
  await system.settled();
  const known = await knownPerson(system, 'c1');
  expect(enabledAccess(known)).toEqual({ directory: ['everyone'], finance: ['ledger-read'] });
});
