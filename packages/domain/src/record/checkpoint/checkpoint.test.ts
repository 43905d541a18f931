import fc from 'fast-check';
import { expect, test } from 'vitest';
import { facts } from '../../facts.test-support.ts';
import {
  CERTAIN_POLICY,
  DAY_MS,
  EXAMPLE_POLICY,
  NOW_MS,
  Person,
} from '../../person.test-support.ts';
import { type Policy } from '../../policy/policy.ts';
import { type Fact } from '../fact.ts';
import { CheckpointedPerson } from './checkpointed-person.test-support.ts';

const RUNS = { numRuns: 500 };

interface Step {
  readonly facts: readonly Fact[];
  readonly afterMs: number;
}

/** Facts in any order, cut into batches, the clock running in between. */
function histories(orders: number, maxLength: number): fc.Arbitrary<readonly Step[]> {
  return facts(orders, maxLength)
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }))
    .chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: all.length }),
      ),
    )
    .chain(([all, sizes]) => {
      const batches: Fact[][] = [];
      let from = 0;
      for (const size of [...sizes, ...all.map(() => 1)]) {
        if (from < all.length) batches.push(all.slice(from, from + size));
        from += size;
      }
      return fc
        .array(fc.integer({ min: 0, max: 2 * DAY_MS }), {
          minLength: batches.length,
          maxLength: batches.length,
        })
        .map((waits) => batches.map((own, at) => ({ facts: own, afterMs: waits[at] ?? 0 })));
    });
}

/** Everything that differs if the records differ from now on. */
function stateOf(person: Person): object {
  const { identity, messages, lifecycles, engagements, reviews, clockDecisions } = person;
  return {
    identity,
    messages,
    lifecycles,
    engagements: [...engagements],
    reviews: [...reviews.keys()].sort(),
    clockDecisions,
    next: person.nextTransitionAtMs,
  };
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
    expect(checkpointed.process(step.facts, nowMs)).toEqual(outcomes);
    expect(stateOf(checkpointed)).toEqual(stateOf(full));
  }
  return [full, checkpointed];
}

test.each([
  ['far apart', 1000],
  ['tied now and then', 40],
  ['often tied', 8],
])('the fold with checkpoints is the fold without: facts %s', (_, orders) => {
  fc.assert(
    fc.property(histories(orders, 40), fc.boolean(), (steps, certain) => {
      processBoth(steps, certain ? CERTAIN_POLICY : EXAMPLE_POLICY);
    }),
    RUNS,
  );
});

test('most readings are from a head', () => {
  let heads = 0;
  let full = 0;
  fc.assert(
    fc.property(histories(1000, 40), (steps) => {
      const [, { headReadings, fullReadings }] = processBoth(steps, EXAMPLE_POLICY);
      heads += headReadings;
      full += fullReadings;
    }),
    { numRuns: 50, seed: 1 },
  );
  console.log(heads, full);
  expect(heads).toBeGreaterThan(0);
  expect(full).toBeGreaterThan(0);
});
