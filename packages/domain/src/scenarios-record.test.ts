import { type Attributes } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import {
  CONTRACTORS,
  DAY_MS,
  daysAgo,
  EMPLOYEE,
  fact,
  inAnyOrder,
  inDays,
  joined,
  left,
  moved,
  NOW_MS,
  Person,
} from './person.test-support.ts';

const FINANCE = { ...EMPLOYEE, department: 'Finance' };
const SALES = { ...EMPLOYEE, department: 'Sales' };
const STAYS_OFF_DAYS = [5, 10, 20, 40];

test('S26 (a): what came with the start overrides an older row that takes effect at the start', () => {
  const facts = [
    moved(2, daysAgo(90), { department: 'Finance', location: 'Rome' }),
    joined(7, daysAgo(90), SALES),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['directory']?.attributes).toEqual({ ...SALES, location: 'Rome' });
    expect(person.accounts['finance']?.entitlements ?? {}).toEqual({});
  }
});

test('S26 (b): a newer row from before the start is in force from the first day', () => {
  const facts = [joined(1, inDays(10), SALES), moved(2, daysAgo(0), { department: 'Finance' })];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('pre_active');
    person.wait(NOW_MS + 10 * DAY_MS);
    expect(person.accounts['finance']?.entitlements).toEqual({ 'ledger-read': ['ledger-read'] });
  }
});

test('S26 (c): a start that is corrected past a row overrides it', () => {
  const facts = [
    joined(1, daysAgo(30), SALES),
    moved(2, daysAgo(10), { department: 'Finance' }),
    joined(3, daysAgo(5), SALES),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['directory']?.attributes['department']).toBe('Sales');
    expect(person.accounts['finance']?.entitlements ?? {}).toEqual({});
  }
});

test('a row after the start overrides what came with the start, however old it is', () => {
  const facts = [
    moved(1, daysAgo(10), { department: 'Finance' }, { fact: 'F' }),
    moved(2, daysAgo(60), { department: 'Legal' }, { fact: 'G' }),
    joined(3, daysAgo(30), SALES),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['finance']?.entitlements).toEqual({ 'ledger-read': ['ledger-read'] });
  }
});

test('a row that is stated again after the start counts as newer than the start', () => {
  const facts = [
    moved(1, daysAgo(60), { department: 'Legal' }, { fact: 'G' }),
    joined(2, daysAgo(30), SALES),
    moved(3, daysAgo(60), { department: 'Finance' }, { fact: 'G' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['directory']?.attributes['department']).toBe('Finance');
  }
});

test('older rows hold again once the start that overrode them is corrected to an earlier day', () => {
  const facts = [
    moved(1, daysAgo(20), { department: 'Finance' }),
    joined(2, daysAgo(10), SALES),
    joined(3, daysAgo(30), SALES),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['finance']?.entitlements).toEqual({ 'ledger-read': ['ledger-read'] });
  }
});

const REJOIN = [joined(1, daysAgo(90)), left(2, inDays(10)), joined(3, inDays(20))];

function expectOffForEver(person: Person): void {
  expect(person.lifecycle).toBe('leaving');
  expect(Object.values(person.states)).not.toContain('enabled');
  for (const days of STAYS_OFF_DAYS) {
    person.wait(NOW_MS + days * DAY_MS);
    expect(Object.values(person.states)).not.toContain('enabled');
  }
  expect(person.lifecycle).toBe('inactive');
}

test('S30: an immediate leave ends the period that ends on its day, and the rejoin', () => {
  const facts = [...REJOIN, left(4, inDays(10), { immediate: true })];

  for (const person of inAnyOrder(facts)) expectOffForEver(person);
});

test('S30: access that is over since yesterday is over in both periods', () => {
  const facts = [...REJOIN, left(4, inDays(10), { accessEndsAt: daysAgo(1) })];

  for (const person of inAnyOrder(facts)) expectOffForEver(person);
});

test('S30: a rejoin that is stated after the immediate leave gives access on its day', () => {
  const facts = [...REJOIN, left(4, inDays(10), { immediate: true }), joined(5, inDays(20))];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('leaving');
    person.wait(NOW_MS + 19 * DAY_MS);
    expect(Object.values(person.states)).not.toContain('enabled');
    person.wait(NOW_MS + 20 * DAY_MS);
    expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
  }
});

test('an immediate leave ends access of every period before it, for any dates', () => {
  const facts = [...REJOIN, left(4, inDays(40), { immediate: true })];

  for (const person of inAnyOrder(facts)) {
    expectOffForEver(person);
  }
});

test('a later ordinary leave does not soften an immediate one in any period', () => {
  const facts = [...REJOIN, left(4, inDays(40), { immediate: true }), left(5, inDays(30))];

  for (const person of inAnyOrder(facts)) {
    expect(Object.values(person.states)).not.toContain('enabled');
    person.wait(NOW_MS + 25 * DAY_MS);
    expect(Object.values(person.states)).not.toContain('enabled');
  }
});

test('only the rescinded end of the latest period gives its access back', () => {
  const facts = [
    ...REJOIN,
    left(4, inDays(10), { immediate: true }),
    fact('rescinded', 5, { rescinds: 'end' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(Object.values(person.states)).not.toContain('enabled');
    person.wait(NOW_MS + 20 * DAY_MS);
    expect(person.states['directory']).toBe('enabled');
  }
});

test.each([
  { title: 'moves it', order: REJOIN.slice(0, 2), endsAt: inDays(30) },
  { title: 'confirms it though a rejoin was announced', order: REJOIN, endsAt: inDays(10) },
])('an immediate end outlives a full statement that $title', ({ order, endsAt }) => {
  const immediate = left(2, inDays(10), { immediate: true });
  const facts = [
    ...order.map((known) => (known.kind === 'left' ? immediate : known)),
    fact('stated', 9, {
      startsAt: daysAgo(90),
      endsAt,
      timeline: [{ from: daysAgo(90), attributes: EMPLOYEE }],
    }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.lifecycle).toBe('leaving');
    expect(Object.values(person.states)).not.toContain('enabled');
  }
});

test('a leave exactly at the end of an earlier period moves when its access ends', () => {
  const person = new Person();
  person.process(REJOIN);
  expect(person.lifecycle).toBe('active');

  person.process([left(4, inDays(10), { accessEndsAt: inDays(2) })]);
  person.wait(NOW_MS + 2 * DAY_MS);

  expect(person.states).toEqual({ directory: 'disabled', mail: 'disabled' });
});

test('an immediate end takes effect when it is known, also beside a rejoin and a suspended job', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([left(2, inDays(10), { immediate: true }), joined(3, inDays(20))]);
  expect(person.lifecycles.at(-1)).toMatchObject({ lifecycle: 'leaving', effectiveAtMs: NOW_MS });

  const other = new Person();
  other.process([
    joined(1, daysAgo(90)),
    joined(2, daysAgo(90), EMPLOYEE, { engagement: 'E2' }),
    fact('suspended', 3, { engagement: 'E2', effectiveAt: daysAgo(30) }),
  ]);
  other.process([left(4, inDays(10), { immediate: true })]);
  expect(other.lifecycles.at(-1)).toMatchObject({ lifecycle: 'suspended', effectiveAtMs: NOW_MS });
});

test('rescinded removes older rows of its name and no newer one', () => {
  const facts = [
    joined(1, daysAgo(90), SALES),
    moved(2, daysAgo(50), FINANCE, { fact: 'F' }),
    fact('rescinded', 3, { rescinds: { fact: 'F' } }),
    moved(4, daysAgo(40), { department: 'Legal' }, { fact: 'F' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.accounts['directory']?.attributes['department']).toBe('Legal');
    expect(person.accounts['finance']?.entitlements ?? {}).toEqual({});
  }
});

/** Rows of one transaction: the source stamps whole seconds. */
function transaction(order: number, ...rows: readonly Attributes[]) {
  return rows.map((attributes, at) =>
    fact(
      'moved',
      order,
      { effectiveAt: daysAgo(50 - order), attributes },
      { source: CONTRACTORS, id: `${String(order)}-${String(at)}` },
    ),
  );
}

test('S27: rows of one stamp are all in force; a contradiction is reviewed until a newer statement', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90), SALES, { source: CONTRACTORS })]);
  person.process(transaction(2, { department: 'Finance' }, { jobTitle: 'Controller' }));
  person.process(transaction(3, { location: 'Rome' }, { manager: 'M-1' }));
  person.process(transaction(4, { givenName: 'Ada' }, { jobTitle: 'Clerk' }));
  expect(person.reviews.size).toBe(0);
  expect(person.accounts['finance']?.entitlements).toEqual({ 'ledger-read': ['ledger-read'] });
  expect(person.accounts['directory']?.attributes).toMatchObject({
    location: 'Rome',
    manager: 'M-1',
    givenName: 'Ada',
    jobTitle: 'Clerk',
  });

  person.process(transaction(5, { department: 'Legal' }, { department: 'Finance' }));
  expect([...person.reviews.values()].map(({ kind }) => kind)).toEqual(['facts_disputed']);
  expect(person.accounts['directory']?.attributes).not.toHaveProperty('department');
  expect(person.accounts['finance']?.entitlements).toEqual({});

  const stated = { ...EMPLOYEE, department: 'Finance', jobTitle: 'Clerk' };
  const timeline = [{ from: daysAgo(90), attributes: stated }];
  person.process([fact('stated', 6, { startsAt: daysAgo(90), timeline }, { source: CONTRACTORS })]);
  expect(person.reviews.size).toBe(0);
  expect(person.accounts['directory']?.attributes).toEqual(stated);
  expect(person.accounts['finance']?.entitlements).toEqual({ 'ledger-read': ['ledger-read'] });
});

test('S27: a hire of three rows with one stamp gets accounts, in any order', () => {
  const facts = [
    joined(2, daysAgo(9), EMPLOYEE, { source: CONTRACTORS }),
    ...transaction(2, { jobTitle: 'Clerk' }, { location: 'Rome' }, { givenName: 'Ada' }),
  ];

  for (const person of inAnyOrder(facts)) {
    expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
    expect(person.reviews.size).toBe(0);
  }
});

/** Reviews of how facts can be read; others are about conditions. */
function readingReviews(person: Person): readonly string[] {
  const kinds = [...person.reviews.values()].map(({ kind }) => kind);
  return kinds.filter((kind) => kind !== 'unknown_condition');
}

test('a review of too many readings ends with a newer row that settles them, and can open again', () => {
  const values = Array.from({ length: 17 }, (_, at) => ({ department: `D${String(at)}` }));
  const person = new Person();
  person.process([joined(1, daysAgo(90), SALES, { source: CONTRACTORS })]);
  person.process(transaction(2, ...values));
  expect(readingReviews(person)).toEqual(['readings_too_many']);

  const row = { effectiveAt: daysAgo(48), attributes: { department: 'Finance' }, fact: 'F' };
  person.process([fact('moved', 3, row, { source: CONTRACTORS })]);
  expect(readingReviews(person)).toEqual([]);
  expect(person.states['finance']).toBe('enabled');

  person.process([fact('rescinded', 4, { rescinds: { fact: 'F' } }, { source: CONTRACTORS })]);
  expect(readingReviews(person)).toEqual(['readings_too_many']);
});
