import fc from 'fast-check';
import { expect, test } from 'vitest';
import { structured } from '../../support/events.ts';
import { parseSent } from '../oracle/parse-sent.ts';
import { diffPerson } from '../oracle/person-state.ts';
import { derivePerson, type ExpectedPerson } from '../oracle/reference/person.ts';
import { groupByPerson } from '../oracle/sent-facts.ts';
import { KNOWN_HISTORIES } from './known-histories.ts';
import { type PersonHistory, personHistories } from './person-history.ts';
import { PersonWorld, POLICY, stateOf } from './person-world.ts';
import { HISTORIES } from './run-count.ts';

const RUNS = { numRuns: HISTORIES, examples: KNOWN_HISTORIES };
const NOW_MS = Date.parse('2026-06-10T12:00:00Z');
/** Moments between the dates of the facts. */
const MOMENTS_MS = [
  '2010-01-01',
  '2012-01-01',
  '2013-06-30T22:30',
  '2019-01-01',
  '2026-06-10',
  '2082-01-01',
  '2085-01-01',
  '2099-01-01',
].map((text) => Date.parse(`${text.length === 10 ? `${text}T12:00` : text}:00Z`));

/** `undefined`: too many readings, a review decides. */
function expectPerson({ events }: PersonHistory, nowMs: number): ExpectedPerson | undefined {
  const parsed = events.map((event) => parseSent(structured(event)));
  const [person] = groupByPerson(
    parsed.flatMap((read) => (read.kind === 'event' ? [read.event] : [])),
  );
  return derivePerson(person?.facts ?? [], nowMs);
}

function runHistory({ batches }: PersonHistory, nowMs: number): PersonWorld {
  const world = new PersonWorld();
  for (const batch of batches) world.process(batch, nowMs);
  return world;
}

function findDifferences(
  world: PersonWorld,
  history: PersonHistory,
  nowMs: number,
): readonly string[] {
  const expected = expectPerson(history, nowMs);
  const isUndecided = world.reviews.values().some((kind) => kind === 'readings_too_many');
  if (expected === undefined || isUndecided) {
    return isUndecided === (expected === undefined) ? [] : [`p1: undecided is ${isUndecided}`];
  }
  return diffPerson('p1', expected, stateOf(world), 'p1');
}

test('I3: every order, repetition and batching yields the state that the reference reads from the set of facts', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      expect(findDifferences(runHistory(history, NOW_MS), history, NOW_MS)).toEqual([]);
    }),
    RUNS,
  );
});

test('I24: what is decided is read from heads, in many histories', () => {
  const histories = fc.sample(personHistories, { seed: 14, numRuns: HISTORIES });
  const read = histories.filter((history) => runHistory(history, NOW_MS).heads.readings > 0);
  expect(read.length).toBeGreaterThan(HISTORIES / 10);
});

test('I3, I17: every order yields the same ids, and every account belongs to one person and target', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const mixed = runHistory(history, NOW_MS);
      const straight = new PersonWorld();
      straight.process(history.events, NOW_MS);

      const idsOf = ({ identity }: PersonWorld) =>
        new Map(identity.accounts.map(({ target, accountId }) => [target, accountId]));
      const [ids, others] = [idsOf(mixed), idsOf(straight)];
      expect(new Set(ids.values()).size).toBe(mixed.identity.accounts.length);
      for (const [target, id] of others) expect(ids.get(target) ?? id).toBe(id);
    }),
    RUNS,
  );
});

test('I4, I23: an unchanged world and a complete replay emit nothing', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const world = runHistory(history, NOW_MS);
      const published = world.published.length;
      for (const batch of history.batches) expect(world.process(batch, NOW_MS)).toBeUndefined();

      const again = world.runClock(NOW_MS);
      expect(world.published).toHaveLength(published);
      expect([again.quietAccounts, again.engagements, again.reviews, again.clockDecisions]).toEqual(
        [[], [], [], []],
      );
    }),
    RUNS,
  );
});

test('I18: at every moment everything due has fired, and nothing early', () => {
  fc.assert(
    fc.property(personHistories, fc.subarray(MOMENTS_MS, { minLength: 1 }), (history, moments) => {
      const world = runHistory(history, moments[0] ?? NOW_MS);
      for (const nowMs of moments) {
        const dueMs = world.nextTransitionAtMs ?? Infinity;
        if (dueMs > nowMs) {
          expect(world.runClock(nowMs)).toMatchObject({ lifecycle: [], accounts: [] });
        } else {
          expect(world.runClock(dueMs - 1)).toMatchObject({ lifecycle: [], accounts: [] });
          world.runClock(nowMs);
        }
        expect(findDifferences(world, history, nowMs)).toEqual([]);
      }
    }),
    { numRuns: HISTORIES },
  );
});

test('I14: every assignment has as its reason a rule of the policy at its hash', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const { accounts } = runHistory(history, NOW_MS).identity;
      for (const { state, target, entitlements } of accounts) {
        expect(state === 'enabled' && entitlements.length === 0).toBe(false);
        for (const { name, reasons } of entitlements) {
          expect(reasons.length).toBeGreaterThan(0);
          for (const { rule, hash } of reasons) {
            expect(POLICY.rules.get(rule)).toMatchObject({ hash, target });
            expect(POLICY.rules.get(rule)?.entitlements).toContain(name);
          }
        }
      }
    }),
    RUNS,
  );
});

test('I22: every delivery is applied, stale or a duplicate; generations of an object increase by one', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const world = new PersonWorld();
      const outcomes = history.batches.flatMap(
        (batch) => world.process(batch, NOW_MS)?.outcomes ?? [],
      );

      expect(outcomes).toHaveLength(history.events.length);
      for (const own of Map.groupBy(world.published, ({ object }) => object).values()) {
        expect(own.map(({ generation }) => generation)).toEqual(own.map((_, at) => BigInt(at + 1)));
      }
    }),
    RUNS,
  );
});
