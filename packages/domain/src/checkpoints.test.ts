import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CheckpointedPerson } from './checkpointed-person.test-support.ts';
import { isDecidedByFacts, type Review } from './decisions/reviews.ts';
import { facts } from './facts.test-support.ts';
import {
  CERTAIN_POLICY,
  CONTRACTORS,
  DAY_MS,
  daysAgo,
  EXAMPLE_POLICY,
  fact,
  HR,
  NOW_MS,
  Person,
} from './person.test-support.ts';
import { type Policy } from './policy/policy.ts';
import { type Fact } from './record/fact.ts';
import { engagementKeyOf } from './record/record.ts';

const RUNS = { numRuns: 60 };

interface Step {
  readonly facts: readonly Fact[];
  readonly afterMs: number;
  /** An older version, which knows no heads, takes them. */
  readonly byOlder: boolean;
}

/**
 * Facts cut into batches, the clock running in between. Most come in the source's order, as from a feed, and some too
 * late.
 *
 * @param orders - the fewer, the more facts are tied
 * @param mixed - an older version, which knows no heads, takes part
 */
function histories(
  drawn: fc.Arbitrary<readonly Fact[]>,
  orders: number,
  mixed = false,
): fc.Arbitrary<readonly Step[]> {
  return drawn.chain((all) =>
    fc
      .record({
        late: fc.array(fc.integer({ min: 0, max: 9 }), sameLength(all)),
        ends: fc.array(fc.boolean(), sameLength(all)),
        waits: fc.array(fc.integer({ min: 0, max: DAY_MS }), sameLength(all)),
        older: mixed ? fc.array(fc.boolean(), sameLength(all)) : fc.constant([]),
      })
      .map(({ late, ends, waits, older }) => {
        const sorted = all
          .map((fact, at) => ({
            fact,
            place: Number(fact.order) + (late[at] === 9 ? orders / 2 : 0),
          }))
          .sort((one, other) => one.place - other.place)
          .map(({ fact }) => fact);
        return cut(sorted, ends, waits, older);
      }),
  );
}

function isPruned({ bases }: CheckpointedPerson, one: Fact): boolean {
  if (one.engagement === undefined) return false;
  const base = bases.get(engagementKeyOf(one.source, one.engagement));
  return base !== undefined && one.order < base.prunedBelow;
}

function reviewedEngagements({ reviews }: Person): readonly unknown[] {
  return [...reviews.values()]
    .filter(({ kind }) => kind === 'fact_below_pruned')
    .map(({ detail }) => detail['engagement']);
}

function openReadings({ reviews }: Person): readonly string[] {
  return [...reviews.values()].filter(({ kind }) => isDecidedByFacts(kind)).map(nameOf);
}

function sameLength({ length }: readonly unknown[]) {
  return { minLength: length, maxLength: length };
}

function cut(
  all: readonly Fact[],
  ends: readonly boolean[],
  waits: readonly number[],
  older: readonly boolean[],
): Step[] {
  const steps: Step[] = [];
  let batch: Fact[] = [];
  for (const [at, fact] of all.entries()) {
    batch.push(fact);
    if (ends[at] !== true && at < all.length - 1) continue;
    steps.push({ facts: batch, afterMs: waits[at] ?? 0, byOlder: older[at] === true });
    batch = [];
  }
  return steps;
}

/** Many moves of one person, some with keys, with texts of any length and undeclared names, and some other facts. */
function moves(orders: number): fc.Arbitrary<readonly Fact[]> {
  const moment = fc
    .integer({ min: -40, max: 10 })
    .map((day) => new Date(NOW_MS + day * DAY_MS).toISOString());
  const attributes = fc.record(
    {
      department: fc.constantFrom('Finance', 'Legal', null),
      jobTitle: fc.constantFrom('Controller', 'Clerk', null),
      location: fc.constantFrom('Lyon', 'x'.repeat(300), 'y'.repeat(1_000)),
      costCentre: fc.constantFrom(1, 2, 'z'.repeat(1_000)),
    },
    { requiredKeys: [] },
  );
  const key = fc.constantFrom('F', 'G', 'H', 'I', 'J');
  const move = fc.record(
    { effectiveAt: moment, attributes, fact: key },
    { requiredKeys: ['effectiveAt', 'attributes'] },
  );
  const other = fc.oneof(
    fc.record({ effectiveAt: moment }).map((data) => ['suspended', data] as const),
    fc.record({ effectiveAt: moment }).map((data) => ['resumed', data] as const),
    fc.record({ endsAt: moment }).map((data) => ['left', data] as const),
    fc.record({ startsAt: moment, attributes }).map((data) => ['joined', data] as const),
    fc
      .oneof(
        fc.constant('end' as const),
        key.map((row) => ({ fact: row })),
        fc.record({ kind: fc.constantFrom('moved', 'suspended'), effectiveAt: moment }),
      )
      .map((rescinds) => ['rescinded', { rescinds }] as const),
  );
  const kinds = fc.oneof(
    { weight: 5, arbitrary: move.map((data) => ['moved', data] as const) },
    { weight: 1, arbitrary: other },
  );
  const first = fact('joined', 0, { startsAt: daysAgo(50), attributes: { department: 'Legal' } });
  return fc
    .array(fc.tuple(kinds, fc.integer({ min: 1, max: orders })), { minLength: 30, maxLength: 50 })
    .map((drawn) => [
      first,
      ...drawn.map(([[kind, data], order], at) =>
        fact(kind, order, data as never, { id: `${kind}-${String(order)}-${String(at)}` }),
      ),
    ]);
}

function stated(source: string, engagement: string): Fact {
  const data = { engagement, startsAt: daysAgo(9), timeline: [] };
  return fact('stated', 1_000_000, data, { source });
}

/** Everything that differs if the records differ from now on. */
function stateOf(person: Person): object {
  const { identity, messages, lifecycles, engagements, reviews, clockDecisions } = person;
  return {
    identity,
    messages,
    lifecycles,
    engagements: [...engagements],
    reviews: [...reviews.values()].map(nameOf).sort(),
    clockDecisions,
    next: person.nextTransitionAtMs,
  };
}

/** Where several ties leave something open, each fold may name another one of them. */
function nameOf({ kind, detail }: Review): string {
  return JSON.stringify([kind, { ...detail, order: undefined }]);
}

function processBoth(
  steps: readonly Step[],
  policy: Policy,
): readonly [Person, CheckpointedPerson] {
  const [full, checkpointed] = [new Person(policy), new CheckpointedPerson(policy)];
  let nowMs = NOW_MS;
  for (const step of steps) {
    nowMs += step.afterMs;
    const outcomes = full.process(step.facts, nowMs);
    checkpointed.isOlder = step.byOlder;
    expect(checkpointed.process(step.facts, nowMs)).toEqual(outcomes);
    expect(stateOf(checkpointed)).toEqual(stateOf(full));
  }
  return [full, checkpointed];
}

test.each([
  ['far apart', 1000, 60],
  ['tied now and then', 40, 40],
  ['often tied', 8, 20],
])('the fold with checkpoints is the fold without: facts %s', (_, orders, count) => {
  fc.assert(
    fc.property(
      histories(facts(orders, count, count / 2), orders),
      fc.boolean(),
      (steps, certain) => {
        const persons = processBoth(steps, certain ? CERTAIN_POLICY : EXAMPLE_POLICY);
        // A newer full statement decides what ties have left open: no review is forgotten.
        const [full, checkpointed] = persons;
        for (const person of persons) {
          person.process([stated(HR, 'A'), stated(CONTRACTORS, 'B')], NOW_MS + 100 * DAY_MS);
        }
        expect(openReadings(checkpointed)).toEqual(openReadings(full));
      },
    ),
    RUNS,
  );
});

test('years of moves: what is trimmed from a head is read where a fact needs it', () => {
  let trimmed = 0;
  let full = 0;
  fc.assert(
    fc.property(histories(moves(200), 200), (steps) => {
      const [, checkpointed] = processBoth(steps, EXAMPLE_POLICY);
      trimmed += checkpointed.countTrimmed();
      full += checkpointed.fullReadings;
    }),
    { numRuns: 40 },
  );
  expect(trimmed).toBeGreaterThan(0);
  expect(full).toBeGreaterThan(0);
});

test('years of moves during an upgrade: facts that an older version has stored above a head are read with it', () => {
  let trimmed = 0;
  let full = 0;
  fc.assert(
    fc.property(histories(moves(200), 200, true), (steps) => {
      const [, checkpointed] = processBoth(steps, EXAMPLE_POLICY);
      trimmed += checkpointed.countTrimmed();
      full += checkpointed.fullReadings;
    }),
    { numRuns: 40 },
  );
  expect(trimmed).toBeGreaterThan(0);
  expect(full).toBeGreaterThan(0);
});

test('most readings are from a head', () => {
  let heads = 0;
  let full = 0;
  fc.assert(
    fc.property(histories(facts(1000, 60, 30), 1000), (steps) => {
      const [, { headReadings, fullReadings }] = processBoth(steps, EXAMPLE_POLICY);
      heads += headReadings;
      full += fullReadings;
    }),
    { numRuns: 50, seed: 1 },
  );
  expect(full).toBeGreaterThan(20);
  expect(heads).toBeGreaterThan(5 * full);
});

test('what arrives above a pruned full statement gives the same as if nothing had been pruned; what is older is stale, with a review', () => {
  let pruned = 0;
  fc.assert(
    fc.property(histories(facts(30, 40, 20), 30), (steps) => {
      const [full, checkpointed] = [
        new Person(CERTAIN_POLICY),
        new CheckpointedPerson(CERTAIN_POLICY),
      ];
      for (const step of steps) {
        checkpointed.prune();
        pruned += checkpointed.bases.size;
        const old = step.facts.filter((one) => isPruned(checkpointed, one));
        const others = step.facts.filter((one) => !old.includes(one));
        for (const outcome of checkpointed.process(old)) expect(outcome.disposition).toBe('stale');
        for (const one of old) expect(reviewedEngagements(checkpointed)).toContain(one.engagement);
        expect(checkpointed.process(others)).toEqual(full.process(others));
        expect(checkpointed.identity).toEqual(full.identity);
      }
    }),
    RUNS,
  );
  expect(pruned).toBeGreaterThan(0);
});
