import { expect, test } from 'vitest';
import {
  at,
  DAY_MS,
  daysAgo,
  EMPLOYEE,
  EXAMPLE_POLICY,
  fact,
  HOUR_MS,
  inAnyOrder,
  inDays,
  joined,
  left,
  moved,
  NOW_MS,
  Person,
  SECOND_MS,
  SECURITY,
} from './person.test-support.ts';

test.each([
  ['Pacific/Auckland', '2026-06-10', '2026-06-10T12:00:00Z'],
  ['America/Los_Angeles', '2026-06-10', '2026-06-11T07:00:00Z'],
  ['Europe/Berlin', '2026-10-25', '2026-10-25T23:00:00Z'],
])('S10: a date in %s ends where the next date begins there', (zone, date, endsAt) => {
  const endMs = Date.parse(endsAt);
  const person = new Person();
  const startMs = NOW_MS - DAY_MS;
  person.process([joined(1, daysAgo(90)), left(2, { date, zone })], startMs);
  expect(person.nextTransitionAtMs).toBe(endMs);

  expect(person.wait(endMs - 1).lifecycle).toEqual([]);
  expect(person.wait(endMs).lifecycle).toMatchObject([
    { lifecycle: 'inactive', effectiveAtMs: endMs, causes: ['urn:example:hr#left-2-E1'] },
  ]);
  expect(person.wait(endMs + 1).lifecycle).toEqual([]);
});

test('S11: a block takes access off until it is released, regardless of the employment facts', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);

  person.process([fact('blocked', 1, { reason: 'phished' }, { source: SECURITY })]);
  expect(person.lifecycle).toBe('suspended');
  expect(person.accounts).toMatchObject({
    directory: { state: 'disabled', entitlements: { everyone: ['everyone'] } },
  });
  expect(person.messages.at(-1)?.changes).toEqual([{ kind: 'disable', reason: 'block' }]);

  person.process([left(2, inDays(5))]);
  expect(person.states).toEqual({ directory: 'disabled', mail: 'disabled' });

  person.process([fact('released', 2, { reason: 'clean' }, { source: SECURITY })]);
  expect(person.lifecycle).toBe('active');
  expect(person.messages.at(-1)?.changes).toEqual([{ kind: 'enable', reason: 'release' }]);
  expect(person.lifecycles.map(({ effectiveAtMs }) => effectiveAtMs).slice(1)).toEqual([
    NOW_MS,
    NOW_MS,
  ]);

  expect(person.wait(NOW_MS + 5 * DAY_MS).next.lifecycle).toBe('inactive');
});

test('S11: no account is created for a joiner who is blocked already', () => {
  const person = new Person();
  person.process([fact('blocked', 1, { reason: 'phished' }, { source: SECURITY })]);
  person.process([joined(1, daysAgo(1))]);

  expect(person.lifecycle).toBe('suspended');
  expect(person.messages).toEqual([]);
});

test('S11b: an immediate end is not softened by an ordinary one nor by a nightly statement', () => {
  const facts = [
    joined(1, daysAgo(90)),
    left(2, inDays(1), { immediate: true }),
    left(3, inDays(30)),
    fact('stated', 4, { startsAt: daysAgo(90), endsAt: inDays(30), timeline: [] }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('leaving');
    expect(Object.values(person.states)).not.toContain('enabled');
  }
  const inTurn = new Person();
  inTurn.process(facts.slice(0, 1));
  inTurn.process(facts.slice(1, 2));
  expect(inTurn.lifecycles.at(-1)).toMatchObject({ lifecycle: 'leaving', effectiveAtMs: NOW_MS });
});

test('S12: what became due while no service ran comes in effective order, access as it is at the end', () => {
  const person = new Person();
  person.process([joined(1, at(2 * SECOND_MS)), left(2, at(4 * SECOND_MS))]);
  expect(person.lifecycle).toBe('pre_active');
  expect(person.wait(NOW_MS + 2 * SECOND_MS - 1)).toMatchObject({ lifecycle: [], accounts: [] });

  const { lifecycle, accounts, clockDecisions } = person.wait(NOW_MS + 10 * SECOND_MS);

  expect(lifecycle).toMatchObject([
    { previous: 'pre_active', lifecycle: 'active', generation: 2n, effectiveAtMs: NOW_MS + 2000 },
    { previous: 'active', lifecycle: 'inactive', generation: 3n, effectiveAtMs: NOW_MS + 4000 },
  ]);
  expect(clockDecisions).toMatchObject([{ to: 'active' }, { to: 'inactive' }]);
  expect(accounts).toEqual([]);
  expect(person.nextTransitionAtMs).toBeUndefined();
});

test('accounts are deleted when their own grace is over, and then the identity is archived', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([left(2, daysAgo(1))]);
  expect(person.nextTransitionAtMs).toBe(NOW_MS + 30 * DAY_MS);

  person.wait(NOW_MS + 31 * DAY_MS);
  expect(person.states).toEqual({ directory: 'disabled', mail: 'absent' });
  expect(person.messages.at(-1)).toMatchObject({
    changes: [{ kind: 'delete', reason: 'clock' }],
    after: { attributes: {}, entitlements: [], deleteAtMs: undefined },
  });
  expect(person.nextTransitionAtMs).toBe(NOW_MS + 90 * DAY_MS);

  person.wait(NOW_MS + 91 * DAY_MS);
  expect(person.lifecycles.at(-1)).toMatchObject({
    lifecycle: 'archived',
    effectiveAtMs: NOW_MS + 90 * DAY_MS,
  });
  expect(person.nextTransitionAtMs).toBeUndefined();
});

test('suspension disables the accounts and keeps what they list; resuming enables them', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([fact('suspended', 2, { effectiveAt: daysAgo(1) })]);
  expect(person.lifecycle).toBe('suspended');
  expect(person.accounts['mail']).toMatchObject({
    state: 'disabled',
    entitlements: { mailbox: ['mailbox'] },
  });
  expect(person.identity.accounts.map(({ deleteAtMs }) => deleteAtMs)).toEqual([
    undefined,
    undefined,
  ]);

  person.process([fact('resumed', 3, { effectiveAt: at(-HOUR_MS) })]);
  expect(person.lifecycle).toBe('active');
  expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
});

test('access that ends before the engagement makes a leaver of a person still employed', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([left(2, inDays(30), { accessEndsAt: daysAgo(1) })]);

  expect(person.lifecycle).toBe('leaving');
  expect(person.states).toEqual({ directory: 'disabled', mail: 'disabled' });
  expect(person.engagements.get('E1')).toMatchObject({
    state: 'access_over',
    accessEndsAtMs: NOW_MS - DAY_MS,
    endsAtMs: NOW_MS + 30 * DAY_MS,
  });
});

test('a gap within the tolerance ends nothing, a longer one does', () => {
  const conversion = (gapDays: number) => [
    joined(1, daysAgo(90), EMPLOYEE, { engagement: 'A' }),
    left(2, inDays(1), { engagement: 'A' }),
    joined(3, inDays(1 + gapDays), EMPLOYEE, { engagement: 'B' }),
  ];
  const policy = { ...EXAMPLE_POLICY, gapToleranceMs: 3 * DAY_MS };
  const [bridged, gone] = [new Person(policy), new Person(policy)];
  bridged.process(conversion(3));
  gone.process(conversion(4));

  expect(bridged.wait(NOW_MS + 2 * DAY_MS)).toMatchObject({ lifecycle: [], accounts: [] });
  expect(bridged.wait(NOW_MS + 9 * DAY_MS)).toMatchObject({ lifecycle: [] });
  expect(gone.wait(NOW_MS + 2 * DAY_MS).next.lifecycle).toBe('pre_active');
});

test('what was due and what a fact changes have different reasons', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90)), left(2, inDays(1))]);
  const [outcome] = person.process(
    [moved(3, daysAgo(2), { location: 'Rome' })],
    NOW_MS + 2 * DAY_MS,
  );

  expect(person.messages.filter(({ after }) => after.target === 'mail').at(-1)).toMatchObject({
    changes: [
      { kind: 'disable', reason: 'clock' },
      { kind: 'revoke', reason: 'clock' },
      { kind: 'update', reason: 'mover' },
    ],
    causes: ['urn:example:hr#left-2-E1', 'urn:example:hr#moved-3-E1'],
  });
  expect(outcome?.decisions.map(({ kind }) => kind)).toEqual(['update', 'update']);
  expect(person.clockDecisions).toMatchObject([
    { kind: 'lifecycle', to: 'inactive' },
    { kind: 'disable' },
    { kind: 'revoke' },
    { kind: 'disable' },
    { kind: 'revoke' },
  ]);
});
