import fc from 'fast-check';
import { expect, test } from 'vitest';
import { facts } from './facts.test-support.ts';
import {
  CERTAIN_POLICY,
  DAY_MS,
  daysAgo,
  fact,
  inDays,
  joined,
  left,
  NOW_MS,
  Person,
  SECURITY,
} from './person.test-support.ts';
import { type Fact } from './record/fact.ts';

const RUNS = { numRuns: 300 };

function blocked(order: number): Fact {
  return fact('blocked', order, { reason: 'r' }, { source: SECURITY });
}

function employed(): Person {
  const person = new Person();
  person.process([joined(1, daysAgo(9))]);
  return person;
}

test.each([
  ['block', blocked(2)],
  ['leaver', left(2, inDays(9), { immediate: true })],
] as const)(
  'an undecided %s disables every account and leaves what is listed',
  (reason, arriving) => {
    const person = employed();
    const before = person.identity.accounts;
    const cut = person.fail([arriving]);

    expect(before.length).toBeGreaterThan(0);
    expect(cut.accounts).toEqual(
      before.map((account) => ({
        before: account,
        after: {
          ...account,
          state: 'disabled',
          disabledAtMs: NOW_MS,
          generation: account.generation + 1n,
        },
        changes: [{ kind: 'disable', reason }],
        causes: [arriving.eventId],
      })),
    );
    expect(cut.lifecycle).toEqual({
      lifecycle: 'suspended',
      previous: 'active',
      effectiveAtMs: NOW_MS,
      causes: [arriving.eventId],
      generation: 2n,
    });
    expect(cut.decisions.map(({ kind, owner }) => [kind, owner])).toEqual([
      ['lifecycle', CERTAIN_POLICY.owner],
      ...before.map(({ target }) => ['disable', CERTAIN_POLICY.targetsByName.get(target)?.owner]),
    ]);
  },
);

test('a block and an immediate end together are a block, with the events of both', () => {
  const arriving = [left(2, inDays(9), { immediate: true }), blocked(2)];
  const [first, ...others] = employed().fail(arriving).accounts;

  expect(first?.changes).toEqual([{ kind: 'disable', reason: 'block' }]);
  expect(first?.causes).toEqual(arriving.map(({ eventId }) => eventId).sort());
  for (const { causes } of others) expect(causes).toEqual(first?.causes);
});

test.each([
  ['an end that is not immediate', left(2, inDays(-1))],
  ['an end that is explicitly not immediate', left(2, inDays(-1), { immediate: false })],
  ['a release', fact('released', 2, { reason: 'r' }, { source: SECURITY })],
  ['a suspension', fact('suspended', 2, { effectiveAt: daysAgo(1) })],
])('%s that is undecided changes nothing yet', (_, arriving) => {
  expect(employed().fail([arriving])).toEqual({
    accounts: [],
    lifecycle: undefined,
    decisions: [],
    causes: [],
  });
});

test('a person who was never decided is suspended by an undecided block', () => {
  const person = new Person();
  expect(person.fail([blocked(1)])).toMatchObject({
    accounts: [],
    lifecycle: { lifecycle: 'suspended', previous: null, generation: 1n },
  });
  person.fail([joined(1, daysAgo(9))]);
  person.wait(NOW_MS);

  expect(person.lifecycle).toBe('suspended');
  expect(person.accounts).toEqual({});
});

test('a person who has left or is suspended already stays as published', () => {
  const person = employed();
  person.process([left(2, daysAgo(1))]);
  expect(person.lifecycle).toBe('inactive');

  expect(person.fail([blocked(2)])).toMatchObject({ accounts: [], lifecycle: undefined });
});

test('after an undecided block or immediate end no account is enabled, and again it changes nothing', () => {
  fc.assert(
    fc.property(facts(20), fc.nat({ max: 8 }), (all, decided) => {
      const person = new Person(CERTAIN_POLICY);
      person.process(all.slice(0, decided));
      const held = person.identity.accounts.map(({ entitlements }) => entitlements);
      const late = [blocked(99), ...all.slice(decided)];
      person.fail(late);

      expect(person.identity.accounts.filter(({ state }) => state === 'enabled')).toEqual([]);
      expect(person.identity.accounts.map(({ entitlements }) => entitlements)).toEqual(held);
      expect(person.lifecycle).not.toBe('active');
      expect(person.fail([blocked(100)])).toMatchObject({
        accounts: [],
        lifecycle: undefined,
        decisions: [],
      });
    }),
    RUNS,
  );
});

/** What must be the same: not when grace periods end, nor what was ever made or published in between. */
function desiredStateOf({ identity, engagements, lifecycle }: Person): object {
  return {
    lifecycle: lifecycle === 'archived' ? 'inactive' : lifecycle,
    engagements: [...engagements].sort(([one], [other]) => (one < other ? -1 : 1)),
    accounts: identity.accounts
      .filter(({ state }) => state === 'enabled')
      .map((account) => ({ ...account, generation: 0n }))
      .sort((one, other) => (one.target < other.target ? -1 : 1)),
  };
}

test('facts whose decisions failed end in the same desired state once they are decided', () => {
  const failures = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  const waits = fc.nat({ max: 3 });
  fc.assert(
    fc.property(facts(40), failures, waits, (all, fails, days) => {
      const [sound, failing] = [new Person(CERTAIN_POLICY), new Person(CERTAIN_POLICY)];
      const endMs = NOW_MS + days * DAY_MS;
      sound.process(all);
      for (const [at, arriving] of all.entries()) {
        if (fails[at] === true) failing.fail([arriving]);
        else failing.process([arriving]);
      }
      sound.wait(endMs);
      failing.wait(endMs);
      fc.pre(!opensReview(sound, 'readings_too_many'));

      expect(desiredStateOf(failing)).toEqual(desiredStateOf(sound));
      for (const own of Map.groupBy(failing.messages, ({ after }) => after.target).values()) {
        expect(own.map(({ after }) => after.generation)).toEqual(
          own.map((_, at) => BigInt(at + 1)),
        );
      }
    }),
    RUNS,
  );
});

function opensReview(person: Person, kind: string): boolean {
  return person.reviews.values().some((review) => review.kind === kind);
}
