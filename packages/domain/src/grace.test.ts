import { expect, test } from 'vitest';
import {
  DAY_MS,
  daysAgo,
  EMPLOYEE,
  fact,
  joined,
  left,
  NOW_MS,
  Person,
  SECURITY,
} from './person.test-support.ts';

/** Of the example policy: `mail` is deleted after 30 days, the others after 90. */
const MAIL_DAYS = 30;
const LONGEST_DAYS = 90;

function accountIn(person: Person, target: string) {
  return person.identity.accounts.find((account) => account.target === target);
}

function after(days: number): number {
  return NOW_MS + days * DAY_MS;
}

test('an account is deleted so long after its last reason ended, however long a block had disabled it', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([fact('blocked', 1, { reason: 'r' }, { source: SECURITY })]);
  expect(accountIn(person, 'mail')).toMatchObject({ state: 'disabled', deleteAtMs: undefined });

  person.process([left(2, daysAgo(0))], after(20));
  expect(accountIn(person, 'mail')?.deleteAtMs).toBe(after(20 + MAIL_DAYS));
  person.wait(after(20 + MAIL_DAYS) - 1);
  expect(person.states['mail']).toBe('disabled');
  person.wait(after(20 + MAIL_DAYS));
  expect(person.states['mail']).toBe('absent');
});

test('a person is archived when every account is deleted, and not before', () => {
  const person = new Person();
  person.process([joined(1, daysAgo(90))]);
  person.process([left(2, daysAgo(0))]);

  person.wait(after(MAIL_DAYS));
  expect(person.states).toEqual({ directory: 'disabled', mail: 'absent' });
  expect(person.lifecycle).toBe('inactive');
  person.wait(after(LONGEST_DAYS) - 1);
  expect(person.lifecycle).toBe('inactive');
  person.wait(after(LONGEST_DAYS));
  expect(person.states).toEqual({ directory: 'absent', mail: 'absent' });
  expect(person.lifecycle).toBe('archived');
});

test.each([
  { title: 'another incident', released: { incident: 'INC-2' }, lifecycle: 'suspended' },
  { title: 'no incident', released: {}, lifecycle: 'suspended' },
  { title: 'the same incident', released: { incident: 'INC-1' }, lifecycle: 'active' },
])('a release of $title leaves a person who is blocked for an incident $lifecycle', (one) => {
  const person = new Person();
  const source = SECURITY;
  person.process([joined(1, daysAgo(90), EMPLOYEE)]);
  person.process([fact('blocked', 1, { reason: 'r', incident: 'INC-1' }, { source })]);
  person.process([fact('released', 2, { reason: 'r', ...one.released }, { source })]);

  expect(person.lifecycle).toBe(one.lifecycle);
});
