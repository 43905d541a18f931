import fc from 'fast-check';
import { expect, test } from 'vitest';
import { structured } from '../../support/events.ts';
import { personFaults } from '../oracle/held-person.ts';
import { readSent } from '../oracle/read-sent.ts';
import { type ExpectedPerson, expectedPerson } from '../oracle/reference/person.ts';
import { personsOf } from '../oracle/sent-facts.ts';
import { HISTORIES } from './how-many.ts';
import { KNOWN_HISTORIES } from './known-histories.ts';
import { type PersonHistory, personHistories } from './person-history.ts';
import { heldOf, PersonWorld, POLICY } from './person-world.ts';

const RUNS = { numRuns: HISTORIES, examples: KNOWN_HISTORIES };
const NOW_MS = Date.parse('2026-06-10T12:00:00Z');
/** Between the dates that facts are about. */
const LOOKS_MS = [
  '2010-01-01',
  '2012-01-01',
  '2013-06-30T22:30',
  '2019-01-01',
  '2026-06-10',
  '2082-01-01',
  '2085-01-01',
  '2099-01-01',
].map((text) => Date.parse(`${text.length === 10 ? `${text}T12:00` : text}:00Z`));

/** `undefined`: a person must decide. */
function expectedAt({ events }: PersonHistory, nowMs: number): ExpectedPerson | undefined {
  const said = events.map((event) => readSent(structured(event)));
  const [person] = personsOf(said.flatMap((read) => (read.kind === 'said' ? [read.event] : [])));
  return expectedPerson(person?.facts ?? [], nowMs);
}

function worldAfter({ batches }: PersonHistory, nowMs: number): PersonWorld {
  const world = new PersonWorld();
  for (const batch of batches) world.take(batch, nowMs);
  return world;
}

function faults(world: PersonWorld, history: PersonHistory, nowMs: number): readonly string[] {
  const expected = expectedAt(history, nowMs);
  const isHeld = world.reviews.values().some((kind) => kind === 'readings_too_many');
  if (expected === undefined || isHeld) {
    return isHeld === (expected === undefined) ? [] : [`p1: held is ${isHeld}`];
  }
  return personFaults('p1', expected, heldOf(world), 'p1');
}

test('I3: any order, repetition and batching ends as the reference reads the set of facts', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      expect(faults(worldAfter(history, NOW_MS), history, NOW_MS)).toEqual([]);
    }),
    RUNS,
  );
});

test('I3, I17: any order ends with the same ids, and every account belongs to one person and target', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const mixed = worldAfter(history, NOW_MS);
      const straight = new PersonWorld();
      straight.take(history.events, NOW_MS);

      const idsOf = ({ identity }: PersonWorld) =>
        new Map(identity.accounts.map(({ target, accountId }) => [target, accountId]));
      const [ids, others] = [idsOf(mixed), idsOf(straight)];
      expect(new Set(ids.values()).size).toBe(mixed.identity.accounts.length);
      for (const [target, id] of others) expect(ids.get(target) ?? id).toBe(id);
    }),
    RUNS,
  );
});

test('I4, I23: an unchanged world and a replay of everything emit nothing', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const world = worldAfter(history, NOW_MS);
      const published = world.published.length;
      for (const batch of history.batches) expect(world.take(batch, NOW_MS)).toBeUndefined();

      const again = world.wait(NOW_MS);
      expect(world.published).toHaveLength(published);
      expect([again.quietAccounts, again.engagements, again.reviews, again.clockDecisions]).toEqual(
        [[], [], [], []],
      );
    }),
    RUNS,
  );
});

test('I18: at every moment everything due has happened, and nothing before its time', () => {
  fc.assert(
    fc.property(personHistories, fc.subarray(LOOKS_MS, { minLength: 1 }), (history, looks) => {
      const world = worldAfter(history, looks[0] ?? NOW_MS);
      for (const nowMs of looks) {
        const dueMs = world.nextTransitionAtMs ?? Infinity;
        if (dueMs > nowMs) {
          expect(world.wait(nowMs)).toMatchObject({ lifecycle: [], accounts: [] });
        } else {
          expect(world.wait(dueMs - 1)).toMatchObject({ lifecycle: [], accounts: [] });
          world.wait(nowMs);
        }
        expect(faults(world, history, nowMs)).toEqual([]);
      }
    }),
    { numRuns: HISTORIES },
  );
});

test('I14: what is held has a rule of the policy at its hash behind it', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const { accounts } = worldAfter(history, NOW_MS).identity;
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

test('I22: every delivery is applied, stale or known; generations of an object rise by one', () => {
  fc.assert(
    fc.property(personHistories, (history) => {
      const world = new PersonWorld();
      const outcomes = history.batches.flatMap(
        (batch) => world.take(batch, NOW_MS)?.outcomes ?? [],
      );

      expect(outcomes).toHaveLength(history.events.length);
      for (const own of Map.groupBy(world.published, ({ object }) => object).values()) {
        expect(own.map(({ generation }) => generation)).toEqual(own.map((_, at) => BigInt(at + 1)));
      }
    }),
    RUNS,
  );
});
