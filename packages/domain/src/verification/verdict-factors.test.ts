import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import {
  input,
  opened,
  openStore,
  requested,
  SECOND_MS,
  type Store,
  verdict,
} from './store.test-support.ts';

const BOTH = 'transfer-approval';
const other = { attempt: 'b', call: { session: 'call-2' } };

function storeFor(purpose: string): Store {
  const store = openStore();
  store.processBatch([requested({ purpose }), opened()]);
  return store;
}

function dispositions(store: Store, reports: readonly Report[]): readonly string[] {
  return store.processBatch(reports).map(({ disposition }) => disposition);
}

test('a verified verdict matches the factors that its method names, and no others', () => {
  const store = storeFor(BOTH);

  expect(store.process(verdict({ method: 'voice' })).disposition).toBe('progress');
  expect(store.verification().state).toBe('pending');
  expect(store.attempt().state).toBe('checking');

  expect(store.process(input({ step: '1', factor: 'pin' })).finalState).toBe('verified');
  expect(store.settled).toMatchObject([{ outcome: 'verified', attempt: 'a', method: 'pin+voice' }]);
});

test.each([
  ['pin', 'helpdesk-reset', 'pin'],
  ['voice+pin', BOTH, 'pin+voice'],
  ['pin+liveness+voice', BOTH, 'pin+voice'],
  ['liveness+pin', 'helpdesk-reset', 'pin'],
  ['pin+pin', 'helpdesk-reset', 'pin'],
])('the method %s verifies %s, settled in the order of the policy', (method, purpose, settled) => {
  const store = storeFor(purpose);

  expect(store.process(verdict({ method }))).toMatchObject({
    disposition: 'accepted',
    finalState: 'verified',
  });
  expect(store.settled).toMatchObject([{ outcome: 'verified', method: settled }]);
});

test.each([undefined, 'PIN', ' pin', 'pinned', 'pin voice', 'liveness', '+', 'pin,voice'])(
  'the method %s names no factor of the purpose: progress, and the attempt stays open',
  (method) => {
    const store = storeFor('helpdesk-reset');

    const outcome = store.process(verdict(method === undefined ? {} : { method }));

    expect(outcome).toMatchObject({ disposition: 'progress', finalState: 'open' });
    expect(store.verification().state).toBe('pending');
  },
);

test('the same claim again is a duplicate and changes nothing, another one is progress', () => {
  const store = storeFor(BOTH);
  const named = (method: string): Report => verdict({ method });

  expect(
    dispositions(store, [
      verdict(),
      verdict(),
      named('pin'),
      named('pin'),
      named('pin+liveness'),
      named('pin+pin'),
      verdict(),
      named('nothing known'),
    ]),
  ).toEqual([
    'progress',
    'duplicate',
    'progress',
    'duplicate',
    'duplicate',
    'duplicate',
    'duplicate',
    'duplicate',
  ]);
  expect(store.process(named('pin')).decisions).toEqual([]);
});

test('a claim that names too little is on record', () => {
  const store = storeFor(BOTH);

  expect(store.process(verdict({ method: 'pin+liveness' })).decisions).toEqual([
    { kind: 'factors_claimed', attempt: 'a', factors: ['pin'] },
  ]);
});

test('a rejection after a claim that named too little is no contradiction', () => {
  const store = storeFor(BOTH);
  store.process(verdict({ method: 'pin' }));

  expect(store.process(verdict({ verdict: 'rejected' }))).toMatchObject({
    disposition: 'accepted',
    finalState: 'rejected',
  });
  expect(store.verification().state).toBe('pending');
});

test('claims of two attempts do not add up', () => {
  const store = storeFor(BOTH);

  store.processBatch([
    opened(other),
    verdict({ method: 'pin' }),
    verdict({ ...other, method: 'voice' }),
  ]);

  expect(store.verification().state).toBe('pending');
});

describe('a factor with a mismatch can still be matched', () => {
  const mismatch = input({ result: 'mismatch' });

  test('by another step', () => {
    const store = storeFor('helpdesk-reset');
    store.processBatch([mismatch, input({ step: '2' })]);
    expect(store.settled).toMatchObject([{ outcome: 'verified', method: 'pin' }]);
  });

  test('by a verdict', () => {
    const store = storeFor('helpdesk-reset');
    store.processBatch([mismatch, verdict({ method: 'pin' })]);
    expect(store.settled).toMatchObject([{ outcome: 'verified', method: 'pin' }]);
  });

  test('and a mismatch after the match takes nothing back', () => {
    const store = storeFor(BOTH);
    store.processBatch([
      input(),
      input({ step: '2', result: 'mismatch' }),
      verdict({ method: 'voice' }),
    ]);
    expect(store.settled).toMatchObject([{ outcome: 'verified', method: 'pin+voice' }]);
  });
});

test('a claim with a score that is not over the threshold names nothing', () => {
  const store = storeFor(BOTH);

  store.processBatch([
    verdict({ method: 'pin', score: 0.5 }),
    input({ step: '1', factor: 'voice' }),
  ]);

  expect(store.verification().state).toBe('pending');
});

test('a claim that names too little does not verify a locked person, it locks', () => {
  const store = openStore();
  const person = { source: 'urn:example:hr', externalId: 'E1' };
  store.processBatch([
    requested({ verification: 'w', purpose: BOTH, person }),
    opened({ verification: 'w' }),
  ]);
  for (const verification of ['x', 'y', 'z']) {
    store.processBatch([
      requested({ verification, purpose: BOTH, person }),
      opened({ verification }),
      input({ verification, result: 'mismatch' }),
    ]);
  }

  const outcome = store.process(verdict({ verification: 'w', method: 'pin' }, SECOND_MS));

  expect(outcome).toMatchObject({ disposition: 'accepted', finalState: 'max_attempts' });
  expect(store.verification('w').state).toBe('locked');
});

test('a purpose that names no factors is verified by any verdict, with its method as it was named', () => {
  const store = storeFor('callback');

  store.process(verdict({ method: 'passkey' }));

  expect(store.settled).toMatchObject([{ outcome: 'verified', method: 'passkey' }]);
});

describe('parked claims', () => {
  test('of different factors all count when the attempt is known', () => {
    const store = openStore();
    store.process(requested({ purpose: BOTH }));

    expect(
      dispositions(store, [
        verdict({ method: 'voice' }),
        verdict({ method: 'voice' }),
        verdict({ method: 'pin' }),
        opened(),
      ]),
    ).toEqual(['accepted', 'duplicate', 'accepted', 'accepted']);
    expect(store.settled).toMatchObject([{ outcome: 'verified', method: 'pin+voice' }]);
  });

  test('that name too little leave a rejection its word', () => {
    const store = openStore();
    store.processBatch([verdict(), verdict({ verdict: 'rejected' }, 1), opened({}, 2)]);

    store.process(requested({ purpose: BOTH }, 3));

    expect(store.attempt().state).toBe('rejected');
  });

  test('that verify a purpose without factors contradict a later rejection', () => {
    const store = openStore();
    const rejection = verdict({ verdict: 'rejected' }, 1);
    store.processBatch([verdict(), rejection, opened({}, 2)]);

    const outcome = store.process(requested({}, 3));

    expect(store.verification().state).toBe('verified');
    expect(outcome.decisions).toContainEqual({
      kind: 'parked_fact_dropped',
      attempt: 'a',
      eventId: rejection.event.eventId,
      disposition: 'contradictory',
    });
  });
});

const report = fc.oneof(
  fc
    .record({ factor: fc.constantFrom('pin', 'voice', 'liveness'), isMatch: fc.boolean() })
    .map((one) => ({ kind: 'input' as const, ...one })),
  fc
    .record({ factors: fc.subarray(['pin', 'voice', 'liveness']) })
    .map((one) => ({ kind: 'verdict' as const, ...one })),
);

test('it is verified if and only if steps and verdicts have matched all factors, in any order', () => {
  const sequences = fc
    .array(report, { maxLength: 6 })
    .chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
  fc.assert(
    fc.property(sequences, ([all, shuffled]) => {
      const matched = new Set(
        all.flatMap((one) =>
          one.kind === 'verdict' ? one.factors : one.isMatch ? [one.factor] : [],
        ),
      );
      const isComplete = matched.has('pin') && matched.has('voice');
      for (const order of [all, shuffled]) {
        const store = openStore();
        store.processBatch([requested({ purpose: BOTH, maxFailures: 3 }), opened()]);
        for (const [at, one] of order.entries()) {
          store.process(
            one.kind === 'verdict'
              ? verdict(one.factors.length === 0 ? {} : { method: one.factors.join('+') })
              : input({
                  step: String(at),
                  factor: one.factor,
                  result: one.isMatch ? 'match' : 'no_input',
                }),
          );
        }
        expect(store.verification().state).toBe(isComplete ? 'verified' : 'pending');
        if (isComplete) expect(store.settled).toMatchObject([{ method: 'pin+voice' }]);
      }
    }),
    { numRuns: 300 },
  );
});
