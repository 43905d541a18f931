import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CONTRACTORS,
  employee,
  hrEvent,
  inDays,
  inSeconds,
  type SentEvent,
} from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import {
  enabledAccess,
  type Known,
  knownOf,
  type Life,
  livesInEveryOrder,
  livesInOrders,
  sendInEveryOrder,
  sendLives,
} from '../support/people.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(async () => {
  await system.verify();
  await system[Symbol.asyncDispose]();
});

const EMPLOYEES_ONLY = { directory: ['everyone'], mail: ['mailbox'] };
const FINANCE_TOO = { ...EMPLOYEES_ONLY, finance: ['ledger-read'] };
const CLOCK_LIMIT_MS = 60_000;

function personsOf(lives: readonly Life[]): readonly string[] {
  return lives.map(({ person }) => person);
}

function directoryOf({ accounts }: Known): Readonly<Record<string, unknown>> {
  return accounts['directory']?.account.attributes ?? {};
}

/** Until the clock has given these persons what they are due. */
async function untilEnabled(persons: readonly string[], access: object): Promise<void> {
  const given = async (): Promise<string> =>
    JSON.stringify((await knownOf(system, persons)).map(enabledAccess));
  const expected = JSON.stringify(persons.map(() => access));
  await eventually('what the clock gives', given, (now) => now === expected, CLOCK_LIMIT_MS);
}

test('S26 (a): what came with the start overrides an older row of the same day, in any order', async () => {
  const startsAt = inDays(-90);
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('moved', person, 2, {
      effectiveAt: startsAt,
      attributes: { department: 'Finance', location: 'Rome' },
    }),
    hrEvent('joined', person, 7, { startsAt, attributes: employee('Sales') }),
  ]);
  for (const one of await knownOf(system, persons)) {
    expect(enabledAccess(one)).toEqual(EMPLOYEES_ONLY);
    expect(directoryOf(one)).toMatchObject({ department: 'Sales', location: 'Rome' });
    expect(one.accounts['finance']?.entitlements ?? []).toEqual([]);
  }
});

test('S26 (c): a start that is corrected past a row overrides it, in any order', async () => {
  const { persons } = await sendInEveryOrder(system, (person) => [
    hrEvent('joined', person, 1, { startsAt: inDays(-30), attributes: employee('Sales') }),
    hrEvent('moved', person, 2, {
      effectiveAt: inDays(-10),
      attributes: { department: 'Finance' },
    }),
    hrEvent('joined', person, 3, { startsAt: inDays(-5), attributes: employee('Sales') }),
  ]);
  for (const one of await knownOf(system, persons)) {
    expect(enabledAccess(one)).toEqual(EMPLOYEES_ONLY);
    expect(directoryOf(one)).toMatchObject({ department: 'Sales' });
    expect(one.accounts['finance']?.entitlements ?? []).toEqual([]);
  }
});

const FIRST_STAMP_MS = Date.parse('2026-01-05T08:00:00Z');

/** A fact of a source that stamps whole seconds: all rows of one transaction have one stamp. */
function stamped(kind: string, person: string, stamp: number, data: object): SentEvent {
  const time = new Date(FIRST_STAMP_MS + stamp * 1_000).toISOString();
  return hrEvent(kind, person, stamp, { ...data }, { source: CONTRACTORS, time });
}

const STARTED_AT = inDays(-90);
/** A hire and three transactions of two rows that commute. */
function transactionsOf(person: string): readonly SentEvent[] {
  const row = (stamp: number, attributes: object): SentEvent =>
    stamped('moved', person, stamp, { effectiveAt: inDays(stamp - 50), attributes });
  return [
    stamped('joined', person, 1, { startsAt: STARTED_AT, attributes: employee('Sales') }),
    row(2, { department: 'Finance' }),
    row(2, { jobTitle: 'Controller' }),
    row(3, { location: 'Rome' }),
    row(3, { manager: 'M-1' }),
    row(4, { givenName: 'Grace' }),
    row(4, { jobTitle: 'Clerk' }),
  ];
}

/** Two rows of one stamp that contradict each other. */
function contradictionOf(person: string): readonly SentEvent[] {
  return ['Legal', 'Finance'].map((department) =>
    stamped('moved', person, 5, { effectiveAt: inDays(-10), attributes: { department } }),
  );
}

function statementOf(person: string): SentEvent {
  const attributes = { ...employee('Finance'), location: 'Oslo' };
  const timeline = [{ from: STARTED_AT, attributes }];
  return stamped('stated', person, 6, { startsAt: STARTED_AT, timeline });
}

test('S27 one stamp: the same facts end the same in any order', async () => {
  const everything = (person: string): readonly SentEvent[] => [
    ...transactionsOf(person),
    ...contradictionOf(person),
    statementOf(person),
  ];
  const places = everything('').map((_, index) => index);
  const turned = places.map((first) => [...places.slice(first), ...places.slice(0, first)]);
  const lives = livesInOrders([...turned, places.toReversed()], everything);
  const persons = personsOf(lives);
  await sendLives(system, lives);
  for (const one of await knownOf(system, persons)) {
    expect(directoryOf(one)).toEqual({ ...employee('Finance'), location: 'Oslo' });
    expect(enabledAccess(one)).toEqual(FINANCE_TOO);
  }
});

const ENDS = [
  { title: 'an immediate leave', end: { immediate: true } },
  { title: 'access that is over since yesterday', end: { accessEndsAt: inDays(-1) } },
];

/** An end and a rejoin that are known ahead, and then that access ends now. */
function rejoin(
  person: string,
  endsAt: string,
  startsAt: string,
  end: object,
): readonly SentEvent[] {
  const attributes = employee('Sales');
  return [
    hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes }),
    hrEvent('left', person, 2, { endsAt }),
    hrEvent('joined', person, 3, { startsAt, attributes }),
    hrEvent('left', person, 4, { endsAt, ...end }),
  ];
}

test.each(ENDS)(
  'S30: $title beside a rejoin is off at once, and stays off, in any order',
  async ({ end }) => {
    const far = livesInEveryOrder((person) => rejoin(person, inDays(10), inDays(20), end));
    await sendLives(system, far);
    for (const one of await knownOf(system, personsOf(far))) {
      expect(one.lifecycles.at(-1)).toBe('leaving');
      expect(enabledAccess(one)).toEqual({});
    }

    const [endsAt, startsAt, later] = [inSeconds(2), inSeconds(4), inSeconds(6)];
    const near = livesInEveryOrder((person) => rejoin(person, endsAt, startsAt, end));
    // A person whose rejoin was stated again, and later: the clock has passed the others when it comes to them.
    const again = livesInOrders([[0, 1, 2, 3, 4]], (person) => [
      ...rejoin(person, endsAt, startsAt, end),
      hrEvent('joined', person, 5, { startsAt: later, attributes: employee('Sales') }),
    ]);
    await sendLives(system, [...near, ...again]);
    await untilEnabled(personsOf(again), EMPLOYEES_ONLY);
    await system.settled();
    for (const one of await knownOf(system, personsOf(near))) {
      expect(one.lifecycles.at(-1)).toBe('inactive');
      expect(enabledAccess(one)).toEqual({});
    }
  },
);
