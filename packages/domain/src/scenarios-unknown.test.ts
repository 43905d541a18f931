import { expect, test } from 'vitest';
import { daysAgo, EMPLOYEE, fact, joined, left, moved, Person } from './person.test-support.ts';

const FINANCE = { ...EMPLOYEE, department: 'Finance', jobTitle: 'Clerk' };

test('S18: an unknown condition grants nothing, revokes nothing and opens one review for the feed', () => {
  const [one, other] = [new Person(), new Person()];
  one.process([joined(1, daysAgo(90), FINANCE)]);
  one.process([moved(2, daysAgo(1), { department: null })]);
  other.process([joined(1, daysAgo(90), { employmentType: 'employee' }, { engagement: 'E2' })]);

  expect(one.accounts['finance']).toMatchObject({
    state: 'enabled',
    entitlements: { 'ledger-read': ['ledger-read'] },
  });
  expect(other.states).toEqual({ directory: 'enabled', mail: 'enabled' });
  const readReviews = (person: Person) =>
    [...person.reviews.values()].filter(({ subject }) => subject === 'ledger-read');
  expect(readReviews(one)).toHaveLength(1);
  expect(readReviews(one)).toEqual(readReviews(other));
});

test('an ended engagement takes its reasons along even where a condition is unknown', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90), FINANCE)]);
  person.process([moved(2, daysAgo(1), { department: null })]);
  person.process([left(3, daysAgo(0))]);

  expect(person.states).toEqual({ directory: 'disabled', mail: 'disabled', finance: 'disabled' });
  expect(person.accounts['finance']?.entitlements).toEqual({});
});

test('tied facts that disagree give only what every reading gives, and open a review', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([
    fact(
      'moved',
      2,
      { effectiveAt: daysAgo(2), attributes: { department: 'Finance' } },
      { id: 'a' },
    ),
    fact('moved', 2, { effectiveAt: daysAgo(2), attributes: { department: 'Legal' } }, { id: 'b' }),
  ]);

  expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
  expect(person.accounts['directory']?.attributes).not.toHaveProperty('department');
  expect([...person.reviews.values()].map(({ kind }) => kind)).toEqual(['facts_disputed']);
});

test('tied facts that agree open no review', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90), { ...EMPLOYEE, jobTitle: 'Clerk' })]);
  person.process([
    fact(
      'moved',
      2,
      { effectiveAt: daysAgo(2), attributes: { department: 'Finance' } },
      { id: 'a' },
    ),
    fact('moved', 2, { effectiveAt: daysAgo(2), attributes: { location: 'Rome' } }, { id: 'b' }),
  ]);

  expect(person.accounts['finance']?.state).toBe('enabled');
  expect(person.reviews.size).toBe(0);
});

test('with too many readings what is held stays, nothing is given, and a review opens', () => {
  const tied = Array.from({ length: 17 }, (_, index) =>
    fact(
      'moved',
      2,
      {
        effectiveAt: daysAgo(2),
        attributes: { department: index === 0 ? 'Finance' : `D${String(index)}` },
      },
      { id: String(index) },
    ),
  );
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process(tied);

  expect(person.states).toEqual({ directory: 'enabled', mail: 'enabled' });
  expect(
    person.reviews
      .values()
      .map(({ kind }) => kind)
      .toArray(),
  ).toContain('readings_too_many');
});
