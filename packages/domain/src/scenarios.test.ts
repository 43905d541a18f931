import { expect, test } from 'vitest';
import {
  at,
  CONTRACTORS,
  DAY_MS,
  daysAgo,
  EMPLOYEE,
  fact,
  HOUR_MS,
  inAnyOrder,
  inDays,
  joined,
  left,
  moved,
  NOW_MS,
  Person,
} from './person.test-support.ts';

const FINANCE = { ...EMPLOYEE, department: 'Finance', jobTitle: 'Clerk' };

test('S1: a joiner, mover and leaver in turn enables and then disables the accounts', () => {
  const person = new Person();

  person.process([joined(1, daysAgo(3))]);
  expect(person.lifecycle).toBe('active');
  expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });

  person.process([moved(2, daysAgo(1), { department: 'Finance' })]);
  expect(person.accounts).toMatchObject({
    directory: { entitlements: { everyone: ['everyone'] } },
    finance: { state: 'enabled', entitlements: { 'ledger-read': ['ledger-read'] } },
    mail: { attributes: { department: 'Finance' } },
  });

  person.process([left(3, at(-HOUR_MS))]);
  expect(person.states).toEqual({ directory: 'disabled', mail: 'disabled', finance: 'disabled' });
  expect(person.lifecycles).toMatchObject([
    { previous: null, lifecycle: 'active', generation: 1n, effectiveAtMs: NOW_MS - 3 * DAY_MS },
    {
      previous: 'active',
      lifecycle: 'inactive',
      generation: 2n,
      effectiveAtMs: NOW_MS - HOUR_MS,
      causes: ['urn:example:hr#left-3-E1'],
    },
  ]);
  const generations = Map.groupBy(person.messages, ({ after }) => after.target);
  expect(generations.get('directory')?.map(({ after }) => after.generation)).toEqual([1n, 2n, 3n]);
  expect(generations.get('finance')?.map(({ after }) => after.generation)).toEqual([1n, 2n]);
});

test('S1: changes and decisions contain what happened, why, and the owner', () => {
  const person = new Person();
  const [hired] = person.process([joined(1, daysAgo(3))]);
  const [gone] = person.process([left(2, at(-HOUR_MS))]);

  expect(hired?.decisions).toMatchObject([
    { kind: 'lifecycle', from: null, to: 'active', owner: 'identity-team@example.com' },
    {
      kind: 'create',
      target: 'directory',
      reason: 'birthright',
      owner: 'directory-team@example.com',
    },
    { kind: 'grant', entitlement: 'everyone', reason: 'birthright' },
    { kind: 'create', target: 'mail', owner: 'mail-team@example.com' },
    { kind: 'grant', entitlement: 'mailbox', rules: [{ rule: 'mailbox' }] },
  ]);
  expect(gone?.decisions.map((decision) => ('reason' in decision ? decision.reason : ''))).toEqual([
    '',
    ...Array.from({ length: 4 }, () => 'leaver'),
  ]);
  expect(person.messages.at(-1)).toMatchObject({
    changes: [
      { kind: 'disable', reason: 'leaver' },
      { kind: 'revoke', entitlement: 'mailbox', reason: 'leaver' },
    ],
    causes: ['urn:example:hr#left-2-E1'],
    after: { state: 'disabled', deleteAtMs: NOW_MS + 30 * DAY_MS },
  });
});

test('S2: a leaver before the joiner never gets an account', () => {
  const person = new Person();

  expect(person.process([left(2, daysAgo(1))])).toMatchObject([{ disposition: 'applied' }]);
  expect(person.lifecycle).toBe('inactive');
  person.process([joined(1, daysAgo(9))]);

  expect(person.lifecycle).toBe('inactive');
  expect(person.messages).toEqual([]);
  expect(person.engagements.get('E1')).toMatchObject({ state: 'ended' });
});

test('S3: only the newest hire date counts, in any order', () => {
  const facts = [
    joined(1, daysAgo(5), { ...EMPLOYEE, department: 'Sales' }),
    joined(2, daysAgo(2), FINANCE),
    joined(3, daysAgo(9), { ...EMPLOYEE, department: 'Legal' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('active');
    expect(person.accounts['directory']?.attributes['department']).toBe('Legal');
    expect(person.accounts['finance']?.entitlements ?? {}).toEqual({});
    expect([...person.engagements.values()]).toMatchObject([
      { startsAtMs: NOW_MS - 9 * DAY_MS, state: 'running' },
    ]);
  }
});

test('S3: an older hire date that comes later is stale', () => {
  const person = new Person();
  person.process([joined(3, daysAgo(9))]);
  const messages = person.messages.length;

  expect(person.process([joined(1, daysAgo(5), FINANCE)])).toEqual([
    { disposition: 'stale', decisions: [] },
  ]);
  expect(person.messages).toHaveLength(messages);
});

test('S4: two rows of one moment are both in force', () => {
  const facts = [
    joined(1, daysAgo(9)),
    moved(5, daysAgo(2), { department: 'Legal' }),
    moved(6, daysAgo(2), { location: 'Berlin' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['directory']?.attributes).toEqual({
      department: 'Legal',
      employmentType: 'employee',
      location: 'Berlin',
    });
  }
});

test('S5: a re-dated row is in force from its new date only', () => {
  const facts = [
    joined(1, daysAgo(90)),
    moved(2, daysAgo(30), { department: 'Finance' }, { fact: 'F' }),
    moved(3, inDays(30), { department: 'Finance' }, { fact: 'F' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['finance']?.state ?? 'absent').not.toBe('enabled');
    expect(person.nextTransitionAtMs).toBe(NOW_MS + 30 * DAY_MS);
    const { accounts, clockDecisions } = person.wait(NOW_MS + 30 * DAY_MS);
    const finance = accounts.find(({ after }) => after.target === 'finance');
    expect(finance?.after.state).toBe('enabled');
    expect(finance?.changes.at(-1)).toEqual({
      kind: 'grant',
      entitlement: 'ledger-read',
      reason: 'clock',
    });
    expect(clockDecisions).not.toEqual([]);
  }
});

test('S6: a rehire under the same key continues accounts and generations', () => {
  const facts = [joined(1, daysAgo(90)), left(2, daysAgo(10)), joined(3, daysAgo(2))];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('active');
    expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
  }
  const inTurn = new Person();
  for (const arriving of facts) inTurn.process([arriving]);
  const directory = inTurn.messages.filter(({ after }) => after.target === 'directory');
  expect(directory.map(({ after }) => after.generation)).toEqual([1n, 2n, 3n]);
  expect(new Set(directory.map(({ after }) => after.accountId)).size).toBe(1);
  expect(directory.at(-1)?.changes).toMatchObject([
    { kind: 'enable', reason: 'birthright' },
    { kind: 'grant', reason: 'birthright' },
  ]);
});

test('S6b: a corrected start of a leaver does not bring them back', () => {
  const facts = [joined(1, daysAgo(90)), left(2, daysAgo(10)), joined(3, daysAgo(85))];

  for (const person of inAnyOrder(facts)) expect(person.lifecycle).toBe('inactive');
});

test('S7: a rescinded end has never ended the engagement', () => {
  const facts = [
    joined(1, daysAgo(90)),
    left(2, daysAgo(1)),
    fact('rescinded', 3, { rescinds: 'end' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('active');
    expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
    expect(person.engagements.get('E1')).toMatchObject({ endsAtMs: undefined, state: 'running' });
  }
  const inTurn = new Person();
  inTurn.process(facts.slice(0, 2));
  const [outcome] = inTurn.process(facts.slice(2));
  expect(outcome?.decisions).toMatchObject([
    { kind: 'lifecycle', to: 'active', causes: ['urn:example:hr#rescinded-3-E1'] },
    { kind: 'create' },
    {},
    {},
    {},
  ]);
});

test('S8: what a full statement does not mention is gone', () => {
  const facts = [
    joined(1, daysAgo(90)),
    moved(2, daysAgo(40), { department: 'Finance' }),
    left(4, daysAgo(1)),
    fact('stated', 5, {
      startsAt: daysAgo(90),
      timeline: [{ from: daysAgo(90), attributes: { ...EMPLOYEE, location: 'Rome' } }],
    }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('active');
    expect(person.accounts['directory']?.attributes).toEqual({ ...EMPLOYEE, location: 'Rome' });
    expect(person.accounts['finance']?.entitlements ?? {}).toEqual({});
  }
});

test('S9: when one of two engagements ends only its reasons go', () => {
  const contractor = { employmentType: 'contractor', department: 'Engineering' };
  const person = new Person();
  person.process([
    joined(1, daysAgo(90), EMPLOYEE, { engagement: 'A' }),
    joined(7, daysAgo(30), contractor, { engagement: 'B', source: CONTRACTORS }),
  ]);
  person.process([left(2, daysAgo(1), { engagement: 'A' })]);

  expect(person.lifecycle).toBe('active');
  expect(person.states).toEqual({ directory: 'enabled', mail: 'disabled' });
  expect(person.accounts['directory']?.attributes['employmentType']).toBe('contractor');
  expect(person.lifecycles).toHaveLength(1);
});
