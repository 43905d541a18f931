import { expect, test } from 'vitest';
import { daysAgo, EMPLOYEE, joined, moved, Person } from './person.test-support.ts';

const FINANCE = { ...EMPLOYEE, department: 'Finance', jobTitle: 'Clerk' };

test('more facts of an engagement than its bound open a review, and all of them count', () => {
  const facts = Array.from({ length: 1001 }, (_, index) =>
    index === 0
      ? joined(1, daysAgo(2000))
      : moved(index + 1, daysAgo(1500 - index), { department: `D${String(index)}` }),
  );
  const person = new Person();
  person.process(facts);

  expect(person.accounts['directory']?.attributes['department']).toBe('D1000');
  expect(
    person.reviews
      .values()
      .map(({ kind }) => kind)
      .toArray(),
  ).toEqual(['facts_too_many']);
});

test('more engagements of an identity than its bound open a review, and all of them count', () => {
  const facts = Array.from({ length: 101 }, (_, index) =>
    joined(index + 1, daysAgo(9), index === 100 ? FINANCE : EMPLOYEE, {
      engagement: `E${String(index)}`,
    }),
  );
  const person = new Person();
  person.process(facts);

  expect(person.accounts['finance']?.state).toBe('enabled');
  expect(
    person.reviews
      .values()
      .map(({ kind }) => kind)
      .toArray(),
  ).toEqual(['engagements_too_many']);
});
