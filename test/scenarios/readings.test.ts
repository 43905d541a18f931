import { isDeepStrictEqual } from 'node:util';
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
  historiesInEveryOrder,
  historiesInOrders,
  type KnownPerson,
  knownPersons,
  type PersonHistory,
  sendHistories,
  sendInEveryOrder,
} from '../support/persons.ts';
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

function personsOf(histories: readonly PersonHistory[]): readonly string[] {
  return histories.map(({ person }) => person);
}

function directoryOf({ accounts }: KnownPerson): Readonly<Record<string, unknown>> {
  return accounts['directory']?.account.attributes ?? {};
}

/** Waits until the clock has decided these persons. */
async function untilEnabled(persons: readonly string[], access: object): Promise<void> {
  const given = async (): Promise<readonly object[]> =>
    (await knownPersons(system, persons)).map(enabledAccess);
  const isGiven = (now: readonly object[]): boolean =>
    now.every((one) => isDeepStrictEqual(one, access));
  await eventually('what the clock gives', given, isGiven, CLOCK_LIMIT_MS);
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
  for (const one of await knownPersons(system, persons)) {
    expect(enabledAccess(one)).toEqual(EMPLOYEES_ONLY);
    expect(directoryOf(one)).toMatchObject({ department: 'Sales', location: 'Rome' });
    expect(one.accounts['finance']?.entitlements ?? []).toEqual([]);
  }
});

/** A transfer that holds already when the person joins. */
function movedBeforeStart(person: string, startsAt: string): readonly SentEvent[] {
  return [
    hrEvent('joined', person, 1, { startsAt, attributes: employee('Sales') }),
    hrEvent('moved', person, 2, { effectiveAt: inDays(0), attributes: { department: 'Finance' } }),
  ];
}

test('S26 (b): a row before the start holds from the first day on, in any order', async () => {
  const far = historiesInEveryOrder((person) => movedBeforeStart(person, inDays(10)));
  await sendHistories(system, far);
  for (const one of await knownPersons(system, personsOf(far))) {
    expect(one.lifecycles.at(-1)).toBe('pre_active');
    expect(one.access).toEqual([]);
  }

  const startsAt = inSeconds(4);
  const near = historiesInEveryOrder((person) => movedBeforeStart(person, startsAt));
  await sendHistories(system, near);
  await untilEnabled(personsOf(near), FINANCE_TOO);
  await system.settled();
  const known = await knownPersons(system, personsOf(near));
  for (const one of known) expect(directoryOf(one)).toMatchObject({ department: 'Finance' });
  // Where both came at once, no other department was ever published.
  const atOnce = known.filter((_, index) => near[index]?.mode === 'batch');
  const departments = atOnce.flatMap(({ access }) =>
    access.map(({ account }) => account.attributes['department']),
  );
  expect(new Set(departments)).toEqual(new Set(['Finance']));
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
  for (const one of await knownPersons(system, persons)) {
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

const DISPUTED_AT = inDays(-10);

/** Two rows of one stamp and one moment that contradict each other. */
function contradictionOf(person: string): readonly SentEvent[] {
  return ['Legal', 'Finance'].map((department) =>
    stamped('moved', person, 5, { effectiveAt: DISPUTED_AT, attributes: { department } }),
  );
}

function statementOf(person: string): SentEvent {
  const attributes = { ...employee('Finance'), location: 'Oslo' };
  const timeline = [{ from: STARTED_AT, attributes }];
  return stamped('stated', person, 6, { startsAt: STARTED_AT, timeline });
}

test('S27 one stamp: the same facts give the same state in any order', async () => {
  const everything = (person: string): readonly SentEvent[] => [
    ...transactionsOf(person),
    ...contradictionOf(person),
    statementOf(person),
  ];
  const places = everything('').map((_, index) => index);
  const turned = places.map((first) => [...places.slice(first), ...places.slice(0, first)]);
  const histories = historiesInOrders([...turned, places.toReversed()], everything);
  const persons = personsOf(histories);
  await sendHistories(system, histories);
  for (const one of await knownPersons(system, persons)) {
    expect(directoryOf(one)).toEqual({ ...employee('Finance'), location: 'Oslo' });
    expect(enabledAccess(one)).toEqual(FINANCE_TOO);
  }
});

/** The same persons, with these as their next events. */
function thenTold(
  histories: readonly PersonHistory[],
  eventsOf: (person: string) => readonly SentEvent[],
): readonly PersonHistory[] {
  return histories.map(({ person, mode }, index) => {
    const events = eventsOf(person);
    return { person, mode, ordered: index % 4 < 2 ? events : events.toReversed() };
  });
}

/** What was announced about reviews of a person's engagement, in order. */
function reviewsOf(person: string): readonly string[] {
  const subject = `${CONTRACTORS}#E-${person}`;
  return system
    .messages()
    .filter(({ topic, data }) => topic === 'reviews' && data['subject'] === subject)
    .map(({ type, data }) => `${type} ${String(data['kind'])}`);
}

test('S27 one stamp: all rows are in force, a contradiction is reviewed, and a newer full statement settles it', async () => {
  const count = transactionsOf('').length;
  const places = Array.from({ length: count }, (_, index) => index);
  const histories = historiesInOrders([places, places.toReversed()], transactionsOf);
  const persons = personsOf(histories);
  const certain = {
    givenName: 'Grace',
    employmentType: 'employee',
    jobTitle: 'Clerk',
    location: 'Rome',
    manager: 'M-1',
  };
  await sendHistories(system, histories);
  for (const one of await knownPersons(system, persons)) {
    expect(directoryOf(one)).toEqual({ ...certain, department: 'Finance' });
    expect(enabledAccess(one)).toEqual(FINANCE_TOO);
  }
  expect(persons.flatMap(reviewsOf)).toEqual([]);

  await sendHistories(system, thenTold(histories, contradictionOf));
  const opened = 'latchkey.review.opened.v1 facts_disputed';
  for (const one of await knownPersons(system, persons)) {
    expect(directoryOf(one)).toEqual(certain);
    expect(enabledAccess(one)).toEqual(EMPLOYEES_ONLY);
  }
  for (const person of persons) expect(reviewsOf(person)).toEqual([opened]);

  await sendHistories(
    system,
    thenTold(histories, (person) => [statementOf(person)]),
  );
  for (const one of await knownPersons(system, persons)) {
    expect(directoryOf(one)).toEqual({ ...employee('Finance'), location: 'Oslo' });
    expect(enabledAccess(one)).toEqual(FINANCE_TOO);
  }
  for (const person of persons) {
    expect(reviewsOf(person)).toEqual([opened, 'latchkey.review.resolved.v1 facts_disputed']);
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
  'S30: $title beside a rejoin ends access at once and for good, in any order',
  async ({ end }) => {
    const far = historiesInEveryOrder((person) => rejoin(person, inDays(10), inDays(20), end));
    await sendHistories(system, far);
    for (const one of await knownPersons(system, personsOf(far))) {
      expect(one.lifecycles.at(-1)).toBe('leaving');
      expect(enabledAccess(one)).toEqual({});
    }

    const [endsAt, startsAt, later] = [inSeconds(2), inSeconds(4), inSeconds(6)];
    const near = historiesInEveryOrder((person) => rejoin(person, endsAt, startsAt, end));
    // A person whose rejoin was stated again for a later date: the clock decides the others first.
    const again = historiesInOrders([[0, 1, 2, 3, 4]], (person) => [
      ...rejoin(person, endsAt, startsAt, end),
      hrEvent('joined', person, 5, { startsAt: later, attributes: employee('Sales') }),
    ]);
    await sendHistories(system, [...near, ...again]);
    await untilEnabled(personsOf(again), EMPLOYEES_ONLY);
    await system.settled();
    for (const one of await knownPersons(system, personsOf(near))) {
      expect(one.lifecycles.at(-1)).toBe('inactive');
      expect(enabledAccess(one)).toEqual({});
    }
  },
);
