import { expect, test } from 'vitest';
import {
  input,
  MINUTE_MS,
  openDesk,
  opened,
  progressed,
  requested,
  verdict,
} from './desk.test-support.ts';

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
    const desk = openDesk();

    desk.takeAll([requested(), opened(), verdict({ verdict: claim })]);

    expect(desk.attempt().state).toBe(attempt);
    expect(desk.verification().state).toBe(state);
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
    const desk = openDesk();

    desk.takeAll([requested(), opened(), progressed(endReason === undefined ? {} : { endReason })]);
    desk.sweep('v', 2 * MINUTE_MS);

    expect(desk.attempt().state).toBe(state);
    expect(desk.verification().state).toBe('pending');
  },
);

test('an attempt opens, collects and checks on its way', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose: 'transfer-approval' }), opened()]);
  expect(desk.attempt().state).toBe('open');

  desk.take(input({ result: 'no_input' }));
  expect(desk.attempt().state).toBe('collecting');

  desk.take(input({ step: '2' }));
  expect(desk.attempt().state).toBe('checking');

  desk.take(input({ step: '3', factor: 'voice', result: 'mismatch' }));
  expect(desk.attempt().state).toBe('checking');
});

test('it is verified when all factors of its purpose have matched in one attempt', () => {
  const desk = openDesk();
  desk.takeAll([requested({ purpose: 'transfer-approval' }), opened(), opened(other)]);

  desk.takeAll([input(), input({ ...other, factor: 'voice' })]);
  expect(desk.verification().state).toBe('pending');

  desk.take(input({ step: '2', factor: 'voice' }));
  expect(desk.verification()).toMatchObject({
    state: 'verified',
    attempt: 'a',
    channel: 'voice',
    method: 'pin+voice',
  });
  expect(desk.attempt('b').state).toBe('superseded');
});

test('a match that names no factor, or one that the purpose does not name, matches none', () => {
  const desk = openDesk();
  const report = input({ step: '1' });
  const unnamed = { ...report.event.data, factor: undefined };

  desk.takeAll([
    requested({ purpose: 'helpdesk-reset' }),
    opened(),
    input({ step: '2', factor: 'otp' }),
  ]);
  desk.take({ ...report, event: { ...report.event, data: unnamed } as typeof report.event });

  expect(desk.verification().state).toBe('pending');
});

test.each(['callback', 'of nobody'])(
  'where the purpose "%s" names no factors only a verdict decides',
  (purpose) => {
    const desk = openDesk();
    desk.takeAll([requested({ purpose }), opened(), input()]);
    expect(desk.verification().state).toBe('pending');

    desk.take(verdict());

    expect(desk.verification().state).toBe('verified');
  },
);

test.each([
  [0.91, 'verified', 'accepted'],
  [0.9, 'pending', 'progress'],
  [0, 'pending', 'progress'],
])('a success with the score %d leaves it %s', (score, state, disposition) => {
  const desk = openDesk();
  desk.takeAll([requested(), opened()]);

  const taken = desk.take(verdict({ score }));

  expect(taken.disposition).toBe(disposition);
  expect(desk.verification().state).toBe(state);
});

test('the first terminal is immutable, and a contradictory claim is answered with it', () => {
  const desk = openDesk();
  desk.takeAll([requested(), opened(), verdict({ verdict: 'rejected' })]);

  const taken = desk.take(verdict());

  expect(taken).toMatchObject({ disposition: 'contradictory', finalState: 'rejected' });
  expect(desk.verification().state).toBe('pending');
});

test('a new attempt can verify after one was rejected', () => {
  const desk = openDesk();

  desk.takeAll([
    requested(),
    opened(),
    verdict({ verdict: 'rejected' }),
    opened(other),
    verdict(other),
  ]);

  expect(desk.settled).toMatchObject([{ outcome: 'verified', attempt: 'b' }]);
});

test('an expired attempt expires the verification only if no other attempt is open', () => {
  const desk = openDesk();
  desk.takeAll([requested(), opened(), opened(other), verdict({ verdict: 'expired' })]);
  expect(desk.verification().state).toBe('pending');

  desk.take(verdict({ ...other, verdict: 'expired' }));

  expect(desk.settled).toMatchObject([{ outcome: 'expired', attempt: 'b' }]);
});

test('an attempt opened beyond maxAttempts is refused, and its verdict does not count', () => {
  const desk = openDesk();
  desk.takeAll([requested({ maxAttempts: 1 }), opened()]);

  expect(desk.take(opened(other))).toMatchObject({
    disposition: 'contradictory',
    finalState: 'pending',
    decisions: [],
  });
  desk.take(verdict(other));

  expect(desk.verification().state).toBe('pending');
});

test('it fails when the last allowed attempt has ended without success', () => {
  const desk = openDesk();
  desk.takeAll([requested({ maxAttempts: 2 }), opened(), verdict({ verdict: 'cancelled' })]);
  expect(desk.verification().state).toBe('pending');

  desk.takeAll([opened(other), verdict({ ...other, verdict: 'rejected' })]);

  expect(desk.settled).toMatchObject([{ outcome: 'failed', attempt: 'b', validUntil: null }]);
});

test('it fails only once no allowed attempt is open any more', () => {
  const desk = openDesk();

  desk.takeAll([
    requested({ maxAttempts: 2 }),
    opened(),
    opened(other),
    verdict({ ...other, verdict: 'rejected' }),
  ]);
  expect(desk.verification().state).toBe('pending');

  desk.take(verdict());
  expect(desk.verification().state).toBe('verified');
});

test('the last allowed call that ends without a verdict fails the verification at the end of its grace', () => {
  const desk = openDesk();
  desk.takeAll([requested({ maxAttempts: 1 }), opened(), progressed({ endReason: 'busy' }, 1000)]);

  desk.sweep('v', 9 * MINUTE_MS);

  expect(desk.attempt().state).toBe('busy');
  expect(desk.settled).toMatchObject([
    { outcome: 'failed', attempt: 'a', decidedAt: '2026-03-02T09:02:01.000Z' },
  ]);
});
