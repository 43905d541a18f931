import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { failureKeysOf } from './failure-count.ts';
import {
  HOUR_MS,
  input,
  opened,
  openStore,
  POLICY,
  progressed,
  requested,
  verdict,
  withdrawn,
} from './store.test-support.ts';

const person = { source: 'urn:example:hr', externalId: 'E1' };
const SUBJECT = 'urn:example:hr#E1';
const purpose = 'helpdesk-reset';

/** One verification with one attempt in which one step fails. */
function failing(verification: string, atMs: number): Report[] {
  return [
    requested({ verification, purpose, person }, atMs),
    opened({ verification }, atMs),
    input({ verification, result: 'mismatch' }, atMs),
  ];
}

test('failures are counted per person and purpose, over verifications', () => {
  const store = openStore();

  store.processBatch([...failing('v1', 0), ...failing('v2', 1)]);

  expect(store.failures(SUBJECT, purpose)).toBe(2);
  expect(store.failures(SUBJECT, 'callback')).toBe(0);
});

test('a purpose in two normal forms has one count, and is one question', () => {
  const composed = 'R\u00fccksetzen';
  const decomposed = composed.normalize('NFD');
  const policy = { ...POLICY, maxFailures: 2 };
  const store = openStore(policy);
  const ask = (verification: string, written: string, atMs: number): Report =>
    requested({ verification, purpose: written, person }, atMs);
  store.processBatch([
    ask('v1', composed, 0),
    opened({ verification: 'v1' }, 0),
    input({ verification: 'v1', result: 'mismatch' }, 0),
    ask('v2', decomposed, 1),
    opened({ verification: 'v2' }, 1),
  ]);

  expect(store.process(ask('v2', composed, 1)).disposition).toBe('duplicate');
  store.process(input({ verification: 'v2', result: 'mismatch' }, 1));

  expect(store.failures(SUBJECT, composed)).toBe(2);
  expect(store.failures(SUBJECT, decomposed)).toBe(0);
  expect(store.verification('v2').state).toBe('locked');
  expect(
    failureKeysOf(undefined, [ask('v3', composed, 2).event, ask('v3', decomposed, 2).event]),
  ).toEqual([{ subject: SUBJECT, purpose: composed }]);
});

test('where no person is named they are counted per verification', () => {
  const store = openStore();

  store.processBatch([requested({ purpose }), opened(), input({ result: 'mismatch' })]);

  expect(store.failures('verification#v', purpose)).toBe(1);
});

test('at maxFailures it is locked, and one requested meanwhile is locked at once', () => {
  const store = openStore();
  store.processBatch([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);
  expect(store.verification('v3')).toMatchObject({ state: 'locked', attempt: 'a' });
  expect(store.attempt('a', 'v3').state).toBe('max_attempts');

  const asked = store.process(requested({ verification: 'v4', purpose, person }, 3));

  expect(asked).toMatchObject({ disposition: 'accepted', finalState: 'locked' });
  expect(asked.settled).toMatchObject({ outcome: 'locked', generation: 1, validUntil: null });
  expect(store.verification('v1').state).toBe('pending');
});

test('what waited on a verification that is locked at once never counts', () => {
  const store = openStore();
  store.processBatch([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);

  store.processBatch([
    opened({ verification: 'v4' }, 3),
    verdict({ verification: 'v4' }, 4),
    requested({ verification: 'v4', purpose, person }, 5),
  ]);

  expect(store.verification('v4').state).toBe('locked');
  expect(store.attempt('a', 'v4')).toMatchObject({ state: 'superseded', detail: {} });
});

test.each([
  ['a match', input({ verification: 'v1', step: '2' }, 3)],
  ['a verdict', verdict({ verification: 'v1' }, 3)],
  ['a new attempt', opened({ verification: 'v1', attempt: 'b' }, 3)],
])(
  'nothing verifies once the person is locked: %s locks the verification that was open before',
  (_, report) => {
    const store = openStore();
    store.processBatch([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);

    const outcome = store.process(report);

    expect(outcome).toMatchObject({ disposition: 'accepted', finalState: 'max_attempts' });
    expect(store.verification('v1').state).toBe('locked');
  },
);

test('another purpose of the person is not locked', () => {
  const store = openStore();
  store.processBatch([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', 2)]);

  store.processBatch([requested({ person }), opened(), verdict()]);

  expect(store.verification().state).toBe('verified');
});

test('a rejected attempt without a mismatch is one failure, one with a mismatch is no further one', () => {
  const store = openStore();
  store.processBatch([requested({ purpose, person }), opened(), verdict({ verdict: 'rejected' })]);
  expect(store.failures(SUBJECT, purpose)).toBe(1);

  const second = { attempt: 'b', call: { session: 'call-2' } };
  store.processBatch([
    opened(second),
    input({ ...second, result: 'mismatch' }),
    verdict({ ...second, verdict: 'rejected' }),
  ]);

  expect(store.failures(SUBJECT, purpose)).toBe(2);
});

test('the rejection that reaches the limit locks', () => {
  const store = openStore();
  store.processBatch([...failing('v1', 0), ...failing('v2', 1)]);

  store.processBatch([
    requested({ purpose, person, maxAttempts: 1 }),
    opened(),
    verdict({ verdict: 'rejected' }, 5),
  ]);

  expect(store.attempt().state).toBe('rejected');
  expect(store.verification()).toMatchObject({ state: 'locked', attempt: 'a' });
});

test('no input is no failure, and neither is what the platform calls max_attempts, expired or cancelled', () => {
  const store = openStore();
  store.processBatch([requested({ purpose, person }), opened(), input({ result: 'no_input' })]);
  for (const claim of ['max_attempts', 'expired', 'cancelled'] as const) {
    const named = { verification: claim };
    store.processBatch([
      requested({ ...named, purpose, person }),
      opened(named),
      verdict({ ...named, verdict: claim }),
    ]);
  }

  expect(store.failures(SUBJECT, purpose)).toBe(0);
});

test('a step is used once: another result for it is refused and counts nothing', () => {
  const store = openStore();
  store.processBatch([requested({ purpose, person }), opened(), input({ result: 'no_input' })]);

  expect(store.process(input({ result: 'mismatch' })).disposition).toBe('contradictory_input');
  expect(store.process(input()).disposition).toBe('contradictory_input');

  expect(store.failures(SUBJECT, purpose)).toBe(0);
  expect(store.verification().state).toBe('pending');
});

test('a new attempt does not reset the count, a success does', () => {
  const store = openStore();
  const second = { attempt: 'b', call: { session: 'call-2' } };
  store.processBatch([
    requested({ purpose, person }),
    opened(),
    input({ result: 'mismatch' }),
    opened(second),
  ]);
  expect(store.failures(SUBJECT, purpose)).toBe(1);

  store.process(input(second));

  expect(store.verification().state).toBe('verified');
  expect(store.failures(SUBJECT, purpose)).toBe(0);
});

test.each([
  ['a cancellation', (verification: string) => [withdrawn({ verification }, 5)]],
  ['an expiry', (verification: string) => [verdict({ verification, verdict: 'expired' }, 5)]],
  ['a call that ended', (verification: string) => [progressed({ verification }, 5)]],
  [
    'the last allowed call',
    (verification: string) => [verdict({ verification, verdict: 'cancelled' }, 5)],
  ],
])('%s clears no failures: only a success does', (_, endOf) => {
  const store = openStore();
  store.processBatch([
    ...failing('v1', 0),
    requested({ verification: 'v2', purpose, person, maxAttempts: 1 }, 1),
    opened({ verification: 'v2' }, 1),
    ...endOf('v2'),
  ]);
  store.sweep('v2', HOUR_MS);

  expect(store.verification('v2').state).not.toBe('pending');
  expect(store.failures(SUBJECT, purpose)).toBe(1);
});

test('a match that does not verify resets nothing', () => {
  const store = openStore();
  store.processBatch([
    requested({ purpose: 'transfer-approval', person }),
    opened(),
    input({ result: 'mismatch' }),
    input({ step: '2' }),
  ]);

  expect(store.failures(SUBJECT, 'transfer-approval')).toBe(1);
});

test('failures older than the window do not count', () => {
  const store = openStore();
  store.processBatch([...failing('v1', 0), ...failing('v2', 1), ...failing('v3', HOUR_MS)]);

  store.process(requested({ verification: 'v4', purpose, person }, 24 * HOUR_MS - 1));
  store.process(requested({ verification: 'v5', purpose, person }, 24 * HOUR_MS));

  expect(store.verification('v4').state).toBe('locked');
  expect(store.verification('v5').state).toBe('pending');
});

test.each([
  [1, 'locked'],
  [2, 'pending'],
  [1000, 'pending'],
])('a request for %d failures is bounded by the policy', (maxFailures, state) => {
  const store = openStore();
  store.processBatch([
    requested({ purpose, maxFailures }),
    opened(),
    input({ result: 'mismatch' }),
  ]);

  expect(store.verification().state).toBe(state);
  store.processBatch([
    input({ step: '2', result: 'mismatch' }),
    input({ step: '3', result: 'mismatch' }),
  ]);
  expect(store.verification().state).toBe('locked');
});

test('no more failures are kept than the policy allows', () => {
  const store = openStore();

  for (const verification of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    store.processBatch([requested({ verification, purpose, person }), opened({ verification })]);
  }
  for (const verification of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    store.process(input({ verification, result: 'mismatch' }));
    expect(store.failures(SUBJECT, purpose)).toBeLessThanOrEqual(POLICY.maxFailures);
  }
});

test('a parked failure counts once when it is known', () => {
  const store = openStore();

  store.processBatch([input({ result: 'mismatch' }), input({ result: 'mismatch' }), opened()]);
  expect(store.failures(SUBJECT, purpose)).toBe(0);
  store.process(requested({ purpose, person }));

  expect(store.failures(SUBJECT, purpose)).toBe(1);
});
