import { expect, test } from 'vitest';
import { type Report } from './apply-report.ts';
import { PARKED_FACTS_MAX_COUNT, STEPS_MAX_COUNT, UNOPENED_ATTEMPTS_MAX_COUNT } from './attempt.ts';
import {
  input,
  MINUTE_MS,
  openDesk,
  opened,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
  verdict,
  withdrawn,
} from './desk.test-support.ts';

const other = { attempt: 'b', call: { session: 'call-2' } };

test('a verdict before its attempt is parked and counts when the attempt is known', () => {
  const desk = openDesk();
  desk.take(requested());

  expect(desk.take(verdict({}, SECOND_MS))).toMatchObject({
    disposition: 'accepted',
    finalState: 'open',
    settled: undefined,
  });
  const opening = desk.take(opened({}, MINUTE_MS));

  expect(opening).toMatchObject({ disposition: 'accepted', finalState: 'verified' });
  expect(opening.settled).toMatchObject({ decidedAt: '2026-03-02T09:01:00.000Z' });
});

test('facts parked on one attempt count in the order in which they were taken', () => {
  const desk = openDesk();

  desk.takeAll([
    verdict({}, 5),
    verdict({ verdict: 'rejected' }, 4),
    opened({}, 6),
    requested({}, 7),
  ]);

  expect(desk.attempt().state).toBe('rejected');
  expect(desk.verification().state).toBe('pending');
});

test('facts parked in one millisecond count in the order of their arrival, across attempts', () => {
  const desk = openDesk();

  desk.takeAll([
    opened(),
    opened(other),
    verdict({ ...other, verdict: 'expired' }),
    verdict(),
    requested(),
  ]);

  expect(desk.settled).toMatchObject([{ outcome: 'verified', attempt: 'a' }]);
  expect(desk.attempt('b').state).toBe('expired');
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
])('a parked fact counts if %s is taken within 10 minutes: %#', (_, early, known, state) => {
  const desk = openDesk();

  desk.takeAll([...early, known]);

  expect(desk.verification().state).toBe(state);
});

test('a fact whose attempt never came is an unknown attempt once it has waited 10 minutes', () => {
  const desk = openDesk();
  const early = verdict({}, SECOND_MS);
  desk.take(early);
  desk.take(progressed({ status: 'ringing' }, 2 * SECOND_MS));
  expect(desk.verification().nextDeadlineAtMs).toBe(START_MS + SECOND_MS + 10 * MINUTE_MS);
  expect(desk.sweep('v', 10 * MINUTE_MS)).toBeUndefined();

  const swept = desk.sweep('v', 11 * MINUTE_MS);

  expect(swept?.decisions).toEqual([
    {
      kind: 'parked_fact_dropped',
      attempt: 'a',
      eventId: early.event.eventId,
      disposition: 'unknown_attempt',
    },
    { kind: 'telemetry_dropped', attempt: 'a' },
  ]);
  expect(desk.attempt().detail).toEqual({});
  expect(desk.verification().nextDeadlineAtMs).toBeUndefined();
  desk.takeAll([requested({}, 12 * MINUTE_MS), opened({ platform: 'other' }, 12 * MINUTE_MS)]);
  expect(desk.attempt()).toMatchObject({ state: 'open', platform: 'other' });
});

test('what waits is bound to the call that it named', () => {
  const desk = openDesk();
  desk.take(verdict());

  expect(desk.take(opened({ call: { session: 'x' } })).disposition).toBe('call_mismatch');
  expect(desk.take(requested()).disposition).toBe('accepted');
  expect(desk.verification().state).toBe('pending');
});

test('the same fact parked twice is a duplicate; another for the same prompt is refused', () => {
  const desk = openDesk();

  const taken = desk.takeAll([
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

  expect(taken.map(({ disposition }) => disposition)).toEqual([
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
  const desk = openDesk();

  desk.takeAll([verdict({}, 1), withdrawn({}, 2), opened({}, 3), requested({}, 4)]);

  expect(desk.settled).toMatchObject([{ outcome: 'cancelled' }]);
  expect(desk.attempt().state).toBe('superseded');
});

test('a success that waited before the cancellation wins', () => {
  const desk = openDesk();

  desk.takeAll([opened({}, 1), verdict({}, 2), withdrawn({}, 3), requested({}, 4)]);

  expect(desk.settled).toMatchObject([{ outcome: 'verified' }]);
});

test('a cancellation that waited 10 minutes is forgotten', () => {
  const desk = openDesk();
  desk.take(withdrawn());
  expect(desk.take(withdrawn()).disposition).toBe('duplicate');

  expect(desk.sweep('v', 10 * MINUTE_MS)?.decisions).toHaveLength(1);
  desk.take(requested({}, 11 * MINUTE_MS));

  expect(desk.verification().state).toBe('pending');
});

test('what is kept is bounded', () => {
  const desk = openDesk();
  const steps = (attempt: string, count: number): Report[] =>
    Array.from({ length: count }, (_, step) =>
      input({ attempt, step: String(step), result: 'no_input' }),
    );

  desk.takeAll(steps('a', 2 * PARKED_FACTS_MAX_COUNT));
  expect(desk.attempt().detail.parked).toHaveLength(PARKED_FACTS_MAX_COUNT);
  expect(desk.take(verdict()).disposition).toBe('unknown_attempt');

  const many = Array.from({ length: 2 * UNOPENED_ATTEMPTS_MAX_COUNT }, (_, n) => `n${String(n)}`);
  desk.takeAll(many.map((attempt) => verdict({ attempt })));
  expect(desk.attempts()).toHaveLength(UNOPENED_ATTEMPTS_MAX_COUNT);

  desk.takeAll([requested(), opened({ attempt: 'z' }), ...steps('z', 2 * STEPS_MAX_COUNT)]);
  expect(desk.attempt('z').detail.steps).toHaveLength(STEPS_MAX_COUNT);
  expect(desk.take(input({ attempt: 'z', step: 'last' })).disposition).toBe('late_input');
  expect(desk.take(verdict({ attempt: 'z' })).finalState).toBe('verified');
});
