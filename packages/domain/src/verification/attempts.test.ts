import { expect, test } from 'vitest';
import {
  input,
  MINUTE_MS,
  opened,
  openStore,
  progressed,
  requested,
  verdict,
} from './store.test-support.ts';

const other = { attempt: 'b', call: { session: 'call-2' } };

test.each([
  ['verified', 'verified', 'verified'],
  ['rejected', 'rejected', 'pending'],
  ['max_attempts', 'max_attempts', 'locked'],
  ['expired', 'expired', 'expired'],
  ['cancelled', 'cancelled', 'pending'],
  ['inconclusive', 'open', 'pending'],
] as const)(
  'the verdict %s makes the attempt %s and leaves the verification %s',
  (claim, attempt, state) => {
    const store = openStore();

    store.processBatch([requested(), opened(), verdict({ verdict: claim })]);

    expect(store.attempt().state).toBe(attempt);
    expect(store.verification().state).toBe(state);
  },
);

test.each([
  ['completed', 'hung_up'],
  [undefined, 'hung_up'],
  ['busy', 'busy'],
  ['no_answer', 'no_answer'],
  ['failed', 'unreachable'],
  ['canceled', 'cancelled'],
] as const)(
  'a call that ended with %s and without a verdict ends the attempt as %s',
  (endReason, state) => {
    const store = openStore();

    store.processBatch([
      requested(),
      opened(),
      progressed(endReason === undefined ? {} : { endReason }),
    ]);
    store.sweep('v', 2 * MINUTE_MS);

    expect(store.attempt().state).toBe(state);
    expect(store.verification().state).toBe('pending');
  },
);

test('an attempt opens, collects and checks on its way', () => {
  const store = openStore();
  store.processBatch([requested({ purpose: 'transfer-approval' }), opened()]);
  expect(store.attempt().state).toBe('open');

  store.process(input({ result: 'no_input' }));
  expect(store.attempt().state).toBe('collecting');

  store.process(input({ step: '2' }));
  expect(store.attempt().state).toBe('checking');

  store.process(input({ step: '3', factor: 'voice', result: 'mismatch' }));
  expect(store.attempt().state).toBe('checking');
});

test('it is verified when all factors of its purpose have matched in one attempt', () => {
  const store = openStore();
  store.processBatch([requested({ purpose: 'transfer-approval' }), opened(), opened(other)]);

  store.processBatch([input(), input({ ...other, factor: 'voice' })]);
  expect(store.verification().state).toBe('pending');

  store.process(input({ step: '2', factor: 'voice' }));
  expect(store.verification()).toMatchObject({
    state: 'verified',
    attempt: 'a',
    channel: 'voice',
    method: 'pin+voice',
  });
  expect(store.attempt('b').state).toBe('superseded');
});

test('a match that names no factor, or one that the purpose does not name, matches none', () => {
  const store = openStore();
  const report = input({ step: '1' });
  const unnamed = { ...report.event.data, factor: undefined };

  store.processBatch([
    requested({ purpose: 'helpdesk-reset' }),
    opened(),
    input({ step: '2', factor: 'otp' }),
  ]);
  store.process({ ...report, event: { ...report.event, data: unnamed } as typeof report.event });

  expect(store.verification().state).toBe('pending');
});

test.each(['callback', 'unknown'])(
  'where the purpose "%s" names no factors only a verdict decides',
  (purpose) => {
    const store = openStore();
    store.processBatch([requested({ purpose }), opened(), input()]);
    expect(store.verification().state).toBe('pending');

    store.process(verdict());

    expect(store.verification().state).toBe('verified');
  },
);

test.each([
  [0.91, 'verified', 'accepted'],
  [0.9, 'pending', 'progress'],
  [0, 'pending', 'progress'],
])('a success with the score %d leaves it %s', (score, state, disposition) => {
  const store = openStore();
  store.processBatch([requested(), opened()]);

  const outcome = store.process(verdict({ score }));

  expect(outcome.disposition).toBe(disposition);
  expect(store.verification().state).toBe(state);
});

test('the first terminal is immutable, and a contradictory claim is answered with it', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), verdict({ verdict: 'rejected' })]);

  const outcome = store.process(verdict());

  expect(outcome).toMatchObject({ disposition: 'contradictory', finalState: 'rejected' });
  expect(store.verification().state).toBe('pending');
});

test('a new attempt can verify after one was rejected', () => {
  const store = openStore();

  store.processBatch([
    requested(),
    opened(),
    verdict({ verdict: 'rejected' }),
    opened(other),
    verdict(other),
  ]);

  expect(store.settled).toMatchObject([{ outcome: 'verified', attempt: 'b' }]);
});

test('an expired attempt expires the verification only if no other attempt is open', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), opened(other), verdict({ verdict: 'expired' })]);
  expect(store.verification().state).toBe('pending');

  store.process(verdict({ ...other, verdict: 'expired' }));

  expect(store.settled).toMatchObject([{ outcome: 'expired', attempt: 'b' }]);
});

test('an attempt opened beyond maxAttempts is refused, and its verdict does not count', () => {
  const store = openStore();
  store.processBatch([requested({ maxAttempts: 1 }), opened()]);

  expect(store.process(opened(other))).toMatchObject({
    disposition: 'contradictory',
    finalState: 'pending',
    decisions: [],
  });
  store.process(verdict(other));

  expect(store.verification().state).toBe('pending');
});

test('it fails when the last allowed attempt has ended without success', () => {
  const store = openStore();
  store.processBatch([requested({ maxAttempts: 2 }), opened(), verdict({ verdict: 'cancelled' })]);
  expect(store.verification().state).toBe('pending');

  store.processBatch([opened(other), verdict({ ...other, verdict: 'rejected' })]);

  expect(store.settled).toMatchObject([{ outcome: 'failed', attempt: 'b', validUntil: null }]);
});

test('it fails only once no allowed attempt is open any more', () => {
  const store = openStore();

  store.processBatch([
    requested({ maxAttempts: 2 }),
    opened(),
    opened(other),
    verdict({ ...other, verdict: 'rejected' }),
  ]);
  expect(store.verification().state).toBe('pending');

  store.process(verdict());
  expect(store.verification().state).toBe('verified');
});

test('the last allowed call that ends without a verdict fails the verification at the end of its grace', () => {
  const store = openStore();
  store.processBatch([
    requested({ maxAttempts: 1 }),
    opened(),
    progressed({ endReason: 'busy' }, 1000),
  ]);

  store.sweep('v', 9 * MINUTE_MS);

  expect(store.attempt().state).toBe('busy');
  expect(store.settled).toMatchObject([
    { outcome: 'failed', attempt: 'a', decidedAt: '2026-03-02T09:02:01.000Z' },
  ]);
});
