import { afterAll, beforeAll, expect, test } from 'vitest';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { enabledAccess, knownPersons, sendInEveryOrder } from '../support/persons.ts';
import { openSystem, type TestSystem } from '../support/system.ts';
import { joinMoveAndLeave } from './s1-and-s21.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(async () => {
  await system.verify();
  await system[Symbol.asyncDispose]();
});

test('S1 one of each: joiner, mover, leaver, each after the effects of the one before', async () => {
  await joinMoveAndLeave(system, 's1');
});

test('S2 leaver first: never an enabled account once both are known, in any order', async () => {
  const { persons, firsts } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-30), attributes: employee('Sales') }),
    hrEvent('left', person, 2, { endsAt: inDays(-1) }),
  ]);
  const known = await knownPersons(system, persons);
  for (const [index, one] of known.entries()) {
    expect(enabledAccess(one)).toEqual({});
    const leftFirst = firsts[index]?.type === 'latchkey.workforce.left.v1';
    if (leftFirst || persons[index]?.includes('batch') === true) expect(one.access).toEqual([]);
  }
  const engagements = await system.database.query(
    'select distinct ends_at, state from engagement where external_id = any ($1)',
    [persons],
  );
  expect(engagements.map(({ state }) => String(state))).toEqual(
    persons.map(() => 'ended').slice(0, engagements.length),
  );
});

test('S3 corrected hire date: the highest revision counts, in any order', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-5), attributes: employee('Sales') }),
    hrEvent('joined', person, 2, { startsAt: inDays(-2), attributes: employee('Finance') }),
    hrEvent('joined', person, 3, { startsAt: inDays(-9), attributes: employee('Legal') }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(enabledAccess(one)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
    expect(one.accounts['directory']?.account.attributes).toMatchObject({ department: 'Legal' });
    expect(one.accounts['finance']?.entitlements ?? []).toEqual([]);
  }
  const engagements = await system.database.query<{ starts_at: Date }>(
    'select starts_at from engagement where external_id = any ($1)',
    [persons],
  );
  expect(engagements).toHaveLength(persons.length);
  for (const { starts_at } of engagements) {
    expect(Math.abs(starts_at.getTime() - Date.parse(inDays(-9)))).toBeLessThan(60_000);
  }
});

test('S4 two rows of one moment: both attributes are in force', async () => {
  const at = inDays(-2);
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 4, { startsAt: inDays(-9), attributes: employee('Sales') }),
    hrEvent('moved', person, 5, { effectiveAt: at, attributes: { department: 'Legal' } }),
    hrEvent('moved', person, 6, { effectiveAt: at, attributes: { location: 'Oslo' } }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(one.accounts['directory']?.account.attributes).toMatchObject({
      department: 'Legal',
      location: 'Oslo',
    });
  }
});

test('S5 re-dated row: in force from its new date only', async () => {
  const next = inDays(30);
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-60), attributes: employee('Sales') }),
    hrEvent('moved', person, 2, {
      fact: 'F',
      effectiveAt: inDays(-30),
      attributes: { department: 'Finance' },
    }),
    hrEvent('moved', person, 3, {
      fact: 'F',
      effectiveAt: next,
      attributes: { department: 'Finance' },
    }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(enabledAccess(one)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
    expect(one.accounts['directory']?.account.attributes).toMatchObject({ department: 'Sales' });
  }
  const rows = await system.database.query<{ next_transition_at: Date }>(
    'select next_transition_at from identity where external_id = any ($1)',
    [persons],
  );
  expect(new Set(rows.map((row) => row.next_transition_at.toISOString()))).toEqual(new Set([next]));
});

test('S6 rehire with the same engagement key: the same identity and accounts, generations continue', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-300), attributes: employee('Sales') }),
    hrEvent('left', person, 2, { endsAt: inDays(-200) }),
    hrEvent('joined', person, 3, { startsAt: inDays(-100), attributes: employee('Sales') }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(one.lifecycles.at(-1)).toBe('active');
    expect(enabledAccess(one)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
    const own = one.access.filter(({ target }) => target === 'directory');
    expect(new Set(own.map(({ accountId }) => accountId)).size).toBe(1);
    expect(own.map(({ generation }) => generation)).toEqual(own.map((_, index) => index + 1));
  }
});

test('S6b corrected start of a leaver: stays inactive, in any order', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
    hrEvent('left', person, 2, { endsAt: inDays(-10) }),
    hrEvent('joined', person, 3, { startsAt: inDays(-85), attributes: employee('Sales') }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(one.lifecycles.at(-1)).toBe('inactive');
    expect(enabledAccess(one)).toEqual({});
  }
});

test('S7 rescinded end: active as if it had never ended, and the audit trail states why', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
    hrEvent('left', person, 2, { endsAt: inDays(-1) }),
    hrEvent('rescinded', person, 3, { rescinds: 'end' }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(one.lifecycles.at(-1)).toBe('active');
    expect(enabledAccess(one)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
    const audit = await system.database.query<{ decisions: string }>(
      'select decisions from audit_entry where subject_id = $1',
      [one.identityId],
    );
    expect(audit.map(({ decisions }) => decisions).join()).toContain('"fact":"rescinded"');
  }
});

test('S8 stated: what it does not mention is gone', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes: employee('Sales') }),
    hrEvent('moved', person, 2, {
      effectiveAt: inDays(-50),
      attributes: { department: 'Finance' },
    }),
    hrEvent('left', person, 3, { endsAt: inDays(-1) }),
    hrEvent('stated', person, 4, {
      startsAt: inDays(-90),
      timeline: [{ from: inDays(-90), attributes: employee('Legal') }],
    }),
  ]);
  for (const one of await knownPersons(system, persons)) {
    expect(one.lifecycles.at(-1)).toBe('active');
    expect(enabledAccess(one)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
    expect(one.accounts['directory']?.account.attributes).toMatchObject({ department: 'Legal' });
  }
});
