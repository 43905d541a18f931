import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { PARKED_FACTS_MAX_COUNT, STEPS_MAX_COUNT, UNOPENED_ATTEMPTS_MAX_COUNT } from './attempt.ts';
import {
  input,
  MINUTE_MS,
  opened,
  openStore,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
  verdict,
  withdrawn,
} from './store.test-support.ts';

const other = { attempt: 'b', call: { session: 'call-2' } };

test('a verdict before its attempt is parked and counts when the attempt is known', () => {
  const store = openStore();
  store.process(requested());

  expect(store.process(verdict({}, SECOND_MS))).toMatchObject({
    disposition: 'accepted',
    finalState: 'open',
    settled: undefined,
  });
  const opening = store.process(opened({}, MINUTE_MS));

  expect(opening).toMatchObject({ disposition: 'accepted', finalState: 'verified' });
  expect(opening.settled).toMatchObject({ decidedAt: '2026-03-02T09:01:00.000Z' });
});

test('facts parked on one attempt count in the order of their stamps', () => {
  const store = openStore();

  store.processBatch([
    verdict({}, 5),
    verdict({ verdict: 'rejected' }, 4),
    opened({}, 6),
    requested({}, 7),
  ]);

  expect(store.attempt().state).toBe('rejected');
  expect(store.verification().state).toBe('pending');
});

test('facts parked in one millisecond count in the order of their arrival, across attempts', () => {
  const store = openStore();

  store.processBatch([
    opened(),
    opened(other),
    verdict({ ...other, verdict: 'expired' }),
    verdict(),
    requested(),
  ]);

  expect(store.settled).toMatchObject([{ outcome: 'verified', attempt: 'a' }]);
  expect(store.attempt('b').state).toBe('expired');
});

test.each([
  ['the question', [opened(), verdict()], requested({}, 10 * MINUTE_MS - 1), 'verified'],
  ['the question', [opened(), verdict()], requested({}, 10 * MINUTE_MS), 'pending'],
  [
    'the opening',
    [verdict(), requested({}, MINUTE_MS)],
    opened({}, 10 * MINUTE_MS - 1),
    'verified',
  ],
  ['the opening', [verdict(), requested({}, MINUTE_MS)], opened({}, 10 * MINUTE_MS), 'pending'],
])('a parked fact counts if %s is stamped within 10 minutes: %#', (_, early, known, state) => {
  const store = openStore();

  store.processBatch([...early, known]);

  expect(store.verification().state).toBe(state);
});

test('a fact whose attempt never came is an unknown attempt once it has waited 10 minutes', () => {
  const store = openStore();
  const early = verdict({}, SECOND_MS);
  store.process(early);
  store.process(progressed({ status: 'ringing' }, 2 * SECOND_MS));
  expect(store.verification().nextDeadlineAtMs).toBe(START_MS + SECOND_MS + 10 * MINUTE_MS);
  expect(store.sweep('v', 10 * MINUTE_MS)).toBeUndefined();

  const swept = store.sweep('v', 11 * MINUTE_MS);

  expect(swept?.decisions).toEqual([
    {
      kind: 'parked_fact_dropped',
      attempt: 'a',
      eventId: early.event.eventId,
      disposition: 'unknown_attempt',
    },
    { kind: 'telemetry_dropped', attempt: 'a' },
  ]);
  expect(store.attempt().detail).toEqual({});
  expect(store.verification().nextDeadlineAtMs).toBeUndefined();
  store.processBatch([
    requested({}, 12 * MINUTE_MS),
    opened({ platform: 'other' }, 12 * MINUTE_MS),
  ]);
  expect(store.attempt()).toMatchObject({ state: 'open', platform: 'other' });
});

test('what waits is bound to the call that it named', () => {
  const store = openStore();
  store.process(verdict());

  expect(store.process(opened({ call: { session: 'x' } })).disposition).toBe('call_mismatch');
  expect(store.process(requested()).disposition).toBe('accepted');
  expect(store.verification().state).toBe('pending');
});

test('the same fact parked twice is a duplicate; another for the same prompt is refused', () => {
  const store = openStore();

  const outcomes = store.processBatch([
    input({ result: 'mismatch' }),
    input({ result: 'mismatch' }),
    input(),
    verdict({ verdict: 'rejected' }),
    verdict({ verdict: 'rejected' }),
    verdict(),
    opened(),
    opened(),
    opened({ channel: 'sms' }),
  ]);

  expect(outcomes.map(({ disposition }) => disposition)).toEqual([
    'accepted',
    'duplicate',
    'contradictory_input',
    'accepted',
    'duplicate',
    'contradictory',
    'accepted',
    'duplicate',
    'contradictory',
  ]);
});

test('a cancellation before the question waits for it, and counts at its place', () => {
  const store = openStore();

  store.processBatch([verdict({}, 1), withdrawn({}, 2), opened({}, 3), requested({}, 4)]);

  expect(store.settled).toMatchObject([{ outcome: 'cancelled' }]);
  expect(store.attempt().state).toBe('superseded');
});

test('a success that waited before the cancellation wins', () => {
  const store = openStore();

  store.processBatch([opened({}, 1), verdict({}, 2), withdrawn({}, 3), requested({}, 4)]);

  expect(store.settled).toMatchObject([{ outcome: 'verified' }]);
});

test('a cancellation that waited 10 minutes is forgotten', () => {
  const store = openStore();
  store.process(withdrawn());
  expect(store.process(withdrawn()).disposition).toBe('duplicate');

  expect(store.sweep('v', 10 * MINUTE_MS)?.decisions).toHaveLength(1);
  store.process(requested({}, 11 * MINUTE_MS));

  expect(store.verification().state).toBe('pending');
});

test('what is kept is bounded', () => {
  const store = openStore();
  const steps = (attempt: string, count: number): Report[] =>
    Array.from({ length: count }, (_, step) =>
      input({ attempt, step: String(step), result: 'no_input' }),
    );

  store.processBatch(steps('a', 2 * PARKED_FACTS_MAX_COUNT));
  expect(store.attempt().detail.parked).toHaveLength(PARKED_FACTS_MAX_COUNT);
  expect(store.process(verdict()).disposition).toBe('unknown_attempt');

  const many = Array.from({ length: 2 * UNOPENED_ATTEMPTS_MAX_COUNT }, (_, n) => `n${String(n)}`);
  store.processBatch(many.map((attempt) => verdict({ attempt })));
  expect(store.attempts()).toHaveLength(UNOPENED_ATTEMPTS_MAX_COUNT);

  store.processBatch([requested(), opened({ attempt: 'z' }), ...steps('z', 2 * STEPS_MAX_COUNT)]);
  expect(store.attempt('z').detail.steps).toHaveLength(STEPS_MAX_COUNT);
  expect(store.process(input({ attempt: 'z', step: 'last' })).disposition).toBe('late_input');
  expect(store.process(verdict({ attempt: 'z' })).finalState).toBe('verified');
});
