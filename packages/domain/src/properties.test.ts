import fc from 'fast-check';
import { expect, test } from 'vitest';
import { days, deliveries, facts } from './facts.test-support.ts';
import { CERTAIN_POLICY, DAY_MS, EXAMPLE_POLICY, NOW_MS, Person } from './person.test-support.ts';
import { reconcile } from './reconcile.ts';
import { knownRecordOf, recordOf as toRecord } from './record/checkpoint/known-record.ts';
import { type Fact } from './record/fact.ts';

const RUNS = { numRuns: 300 };

function processInBatches(person: Person, arriving: readonly Fact[], size: number): void {
  for (let from = 0; from < arriving.length; from += size) {
    person.process(arriving.slice(from, from + size));
  }
}

/** What must be the same: not which accounts were ever made, nor when grace periods end. */
function desiredStateOf(person: Person): object {
  const accounts = person.identity.accounts
    .filter(({ state }) => state === 'enabled')
    .map(({ accountId, target, userName, attributes: shown, entitlements }) => ({
      accountId,
      target,
      userName,
      shown,
      entitlements,
    }))
    .sort((one, other) => (one.target < other.target ? -1 : 1));
  const engagements = [...person.engagements].sort(([one], [other]) => (one < other ? -1 : 1));
  const lifecycle = person.lifecycle === 'archived' ? 'inactive' : person.lifecycle;
  return { lifecycle, accounts, engagements };
}

function recordOf(all: readonly Fact[]): object {
  const { engagements, blocks } = toRecord(knownRecordOf(all, EXAMPLE_POLICY));
  const states = [...engagements].map(([key, { timeline, reading }]) => ({
    key,
    timeline,
    reading,
  }));
  return {
    states: states.sort((one, other) => (one.key < other.key ? -1 : 1)),
    blocks: [...blocks],
  };
}

test('I3: every order, repetition and batching of facts ends in the same desired state', () => {
  fc.assert(
    fc.property(deliveries(facts(40)), ({ facts: all, shuffled, batchSize }) => {
      const [straight, mixed] = [new Person(CERTAIN_POLICY), new Person(CERTAIN_POLICY)];
      straight.process(all);
      processInBatches(mixed, shuffled, batchSize);
      fc.pre(!opensReview(straight, 'readings_too_many'));

      expect(desiredStateOf(mixed)).toEqual(desiredStateOf(straight));
    }),
    RUNS,
  );
});

test('I3: every order of facts is read as the same record, also where they are tied', () => {
  fc.assert(
    fc.property(deliveries(facts(4)), ({ facts: all, shuffled }) => {
      expect(recordOf(shuffled)).toEqual(recordOf(all));
    }),
    RUNS,
  );
});

test('I3: tied facts end in the same desired state in any order', () => {
  fc.assert(
    fc.property(deliveries(facts(6)), ({ facts: all, shuffled, batchSize }) => {
      const [straight, mixed] = [new Person(CERTAIN_POLICY), new Person(CERTAIN_POLICY)];
      straight.process(all);
      processInBatches(mixed, shuffled, batchSize);
      fc.pre(!opensReview(straight, 'readings_too_many'));

      expect(desiredStateOf(mixed)).toEqual(desiredStateOf(straight));
    }),
    RUNS,
  );
});

test('I4: an unchanged world emits nothing', () => {
  fc.assert(
    fc.property(facts(8), (all) => {
      const person = new Person();
      person.process(all);

      const again = person.wait(NOW_MS);

      expect(again).toMatchObject({
        lifecycle: [],
        accounts: [],
        quietAccounts: [],
        engagements: [],
        reviews: [],
        clockDecisions: [],
      });
    }),
    RUNS,
  );
});

test('a stale fact changes nothing at any moment', () => {
  fc.assert(
    fc.property(facts(8), (all) => {
      const person = new Person();
      for (const arriving of all) {
        const published = person.messages.length + person.lifecycles.length;
        const [outcome] = person.process([arriving]);
        if (outcome?.disposition !== 'stale') continue;
        expect(outcome.decisions).toEqual([]);
        expect(person.messages.length + person.lifecycles.length).toBe(published);
      }
    }),
    RUNS,
  );
});

test('generations rise by exactly one per message, and every message lists what changed', () => {
  fc.assert(
    fc.property(deliveries(facts(20)), ({ shuffled, batchSize }) => {
      const person = new Person();
      processInBatches(person, shuffled, batchSize);
      for (let day = 0; day < 6; day += 1) person.wait(NOW_MS + day * DAY_MS);
      person.wait(NOW_MS + 200 * DAY_MS);

      const counted = person.lifecycles.map((_, index) => BigInt(index + 1));
      expect(person.lifecycles.map(({ generation }) => generation)).toEqual(counted);
      for (const own of Map.groupBy(person.messages, ({ after }) => after.target).values()) {
        expect(own.map(({ after }) => after.generation)).toEqual(
          own.map((_, at) => BigInt(at + 1)),
        );
        for (const { changes } of own) expect(changes.length).toBeGreaterThan(0);
      }
    }),
    RUNS,
  );
});

test('I14: what is held has a reason that names its rule at its hash, and only an enabled or waiting account holds', () => {
  fc.assert(
    fc.property(facts(20), (all) => {
      const person = new Person();
      for (const arriving of all) person.process([arriving]);

      for (const { state, target, entitlements } of person.identity.accounts) {
        expect(state === 'enabled' && entitlements.length === 0).toBe(false);
        expect(state === 'absent' && entitlements.length > 0).toBe(false);
        for (const { name, reasons } of entitlements) {
          expect(reasons.length).toBeGreaterThan(0);
          for (const { rule, hash } of reasons) {
            expect(EXAMPLE_POLICY.rules.get(rule)).toMatchObject({ hash, target });
            expect(EXAMPLE_POLICY.rules.get(rule)?.entitlements).toContain(name);
          }
        }
      }
    }),
    RUNS,
  );
});

test('I18: nothing happens before the next transition, and everything due happens whenever the clock runs', () => {
  fc.assert(
    fc.property(facts(40), fc.array(days, { maxLength: 6 }), (all, moments) => {
      const [watched, slept] = [new Person(CERTAIN_POLICY), new Person(CERTAIN_POLICY)];
      watched.process(all);
      slept.process(all);
      const endMs = NOW_MS + 6 * DAY_MS;

      let momentMs = watched.nextTransitionAtMs;
      while (momentMs !== undefined && momentMs <= endMs) {
        expect(watched.wait(momentMs - 1)).toMatchObject({ lifecycle: [], accounts: [] });
        watched.wait(momentMs);
        momentMs = watched.nextTransitionAtMs;
      }
      for (const moment of moments.toSorted((one, other) => one - other)) {
        if (moment > 0) slept.wait(NOW_MS + moment * DAY_MS);
      }
      watched.wait(endMs);
      slept.wait(endMs);

      const changesOf = ({ lifecycles }: Person) =>
        lifecycles.map(({ lifecycle, effectiveAtMs, causes }) => ({
          lifecycle,
          effectiveAtMs,
          causes,
        }));
      expect(changesOf(slept)).toEqual(changesOf(watched));
      expect(desiredStateOf(slept)).toEqual(desiredStateOf(watched));
    }),
    RUNS,
  );
});

test('I23: processing everything again into a full database is a no-op, into an empty one gives the same state', () => {
  fc.assert(
    fc.property(facts(40), (all) => {
      const [first, second] = [new Person(CERTAIN_POLICY), new Person(CERTAIN_POLICY)];
      for (const arriving of all) first.process([arriving]);
      const messages = first.messages.length + first.lifecycles.length;

      expect(first.process(all)).toEqual([]);
      expect(first.messages.length + first.lifecycles.length).toBe(messages);
      second.process(all);
      fc.pre(!opensReview(second, 'readings_too_many'));
      expect(desiredStateOf(second)).toEqual(desiredStateOf(first));
    }),
    RUNS,
  );
});

test('what is published never differs from what is saved', () => {
  fc.assert(
    fc.property(facts(20), (all) => {
      const person = new Person();
      person.process(all);
      const { identity } = person;
      const again = reconcile({
        identity: { ...identity, accounts: [], lifecycle: undefined },
        known: knownRecordOf(all, EXAMPLE_POLICY),
        arriving: [],
        policy: EXAMPLE_POLICY,
        nowMs: NOW_MS,
        epoch: 0,
      });

      expect(again.next.lifecycle).toBe(identity.lifecycle);
      for (const { after } of again.accounts) {
        expect(after).toEqual(identity.accounts.find(({ target }) => target === after.target));
      }
    }),
    RUNS,
  );
});

function opensReview(person: Person, kind: string): boolean {
  return person.reviews.values().some((review) => review.kind === kind);
}
