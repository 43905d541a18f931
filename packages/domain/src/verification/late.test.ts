import { expect, test } from 'vitest';
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

test.each([
  ['a named deadline', requested({ expiresAt: '2026-03-02T09:03:00Z' }), 3 * MINUTE_MS],
  ['10 minutes after the question', requested({}, 5000), 10 * MINUTE_MS + 5000],
])('at the deadline is late: %s', (_, question, deadlineMs) => {
  const store = openStore();
  store.processBatch([question, opened({}, 6000)]);

  const late = store.processBatch([
    verdict({}, deadlineMs),
    input({}, deadlineMs),
    progressed({}, deadlineMs),
    opened(other, deadlineMs),
    withdrawn({}, deadlineMs),
  ]);
  expect(late.map(({ disposition }) => disposition)).toEqual(Array<string>(5).fill('stale_known'));
  expect(late.flatMap(({ decisions }) => decisions)).toEqual([]);

  store.process(verdict({}, deadlineMs - 1));
  expect(store.verification().state).toBe('verified');
});

test('a late fact is late also after the sweep, and of an attempt that was not opened it is unknown', () => {
  const store = openStore();
  store.processBatch([requested(), opened()]);
  store.sweep('v', 10 * MINUTE_MS);

  expect(store.process(verdict({}, 10 * MINUTE_MS)).disposition).toBe('stale_known');
  expect(store.process(verdict(other, 10 * MINUTE_MS)).disposition).toBe('unknown_attempt');
});

test('a question that is late for its own deadline expires at once', () => {
  const store = openStore();
  store.processBatch([opened({}, 1), verdict({}, 2)]);

  const outcome = store.process(requested({ expiresAt: '2026-03-02T09:00:01Z' }, SECOND_MS));

  expect(outcome).toMatchObject({ disposition: 'accepted', finalState: 'expired' });
  expect(store.settled).toMatchObject([{ outcome: 'expired' }]);
});

test('a verdict inside the grace period wins', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), progressed({}, SECOND_MS)]);

  expect(store.sweep('v', 121 * SECOND_MS - 1)).toBeUndefined();
  store.process(verdict({}, 121 * SECOND_MS - 1));

  expect(store.verification().state).toBe('verified');
});

test('after the grace period the attempt is over, swept or not', () => {
  for (const isSwept of [true, false]) {
    const store = openStore();
    store.processBatch([requested(), opened(), progressed({}, SECOND_MS)]);
    if (isSwept) store.sweep('v', 121 * SECOND_MS);

    const late = store.processBatch([
      verdict({}, 121 * SECOND_MS),
      input({}, 121 * SECOND_MS),
      progressed({}, 121 * SECOND_MS),
    ]);
    store.sweep('v', 200 * SECOND_MS);

    expect(late.map(({ disposition }) => disposition)).toEqual([
      'contradictory',
      'late_input',
      'late_telemetry',
    ]);
    expect(store.attempt()).toMatchObject({
      state: 'hung_up',
      endedAtMs: START_MS + 121 * SECOND_MS,
    });
    expect(store.verification().state).toBe('pending');
  }
});

test('input in reverse order inside the grace period verifies', () => {
  const store = openStore();
  store.processBatch([requested({ purpose: 'helpdesk-reset' }), opened()]);

  store.processBatch([
    progressed({ status: 'ended', endReason: 'completed' }, 1),
    progressed({ status: 'answered' }, 2),
    input({}, 3),
  ]);

  expect(store.verification().state).toBe('verified');
});

test('an early end counts its grace period from its stamp', () => {
  const store = openStore();
  store.processBatch([requested(), progressed(), opened({}, 119 * SECOND_MS)]);

  expect(store.process(verdict({}, 120 * SECOND_MS)).disposition).toBe('contradictory');
});

test('a deadline inside the grace period expires, and a grace period over before it hangs up', () => {
  const store = openStore();
  store.processBatch([
    requested({ expiresAt: '2026-03-02T09:03:00Z' }),
    opened(),
    opened(other),
    progressed(),
    progressed(other, MINUTE_MS),
  ]);
  expect(store.verification().nextDeadlineAtMs).toBe(START_MS + 2 * MINUTE_MS);

  store.sweep('v', 10 * MINUTE_MS);

  expect(store.attempts().map(({ state }) => state)).toEqual(['hung_up', 'expired']);
  expect(store.settled).toMatchObject([
    { outcome: 'expired', decidedAt: '2026-03-02T09:03:00.000Z' },
  ]);
  expect(store.verification().nextDeadlineAtMs).toBeUndefined();
});

test('an outcome that time has decided answers before it is stored', () => {
  const store = openStore();
  store.processBatch([requested({ maxAttempts: 1 }), opened(), progressed()]);

  const late = store.processBatch([withdrawn({}, 3 * MINUTE_MS), opened(other, 3 * MINUTE_MS)]);
  store.sweep('v', 4 * MINUTE_MS);

  expect(late.map(({ disposition }) => disposition)).toEqual([
    'contradictory',
    'duplicate_other_channel',
  ]);
  expect(store.settled).toMatchObject([
    { outcome: 'failed', decidedAt: '2026-03-02T09:02:00.000Z' },
  ]);
});

test('an attempt that expired after the last other call was over expires the verification', () => {
  const store = openStore();
  store.processBatch([
    requested(),
    opened(),
    opened(other),
    progressed(),
    verdict({ ...other, verdict: 'expired' }, 3 * MINUTE_MS),
  ]);
  expect(store.verification().state).toBe('pending');

  store.sweep('v', 4 * MINUTE_MS);

  expect(store.settled).toMatchObject([
    { outcome: 'expired', attempt: 'b', decidedAt: '2026-03-02T09:03:00.000Z' },
  ]);
});

test('a sweep acts only on what is due by the clock and by what was read', () => {
  const store = openStore();
  store.processBatch([requested(), opened()]);

  expect(store.sweep('v', 10 * MINUTE_MS - 1)).toBeUndefined();
  expect(store.sweep('v', 60 * MINUTE_MS, 10 * MINUTE_MS - 1)).toBeUndefined();
  expect(store.sweep('v', 10 * MINUTE_MS - 1, 60 * MINUTE_MS)).toBeUndefined();
  expect(store.sweep('v', 10 * MINUTE_MS)).toBeDefined();
  expect(store.sweep('v', 10 * MINUTE_MS)).toBeUndefined();
});

test('what an attempt was bound to when time decided stays, swept in time or not', () => {
  for (const isSwept of [true, false]) {
    const store = openStore();
    const unopened = { status: 'queued', call: { session: 'x' } } as const;
    store.processBatch([progressed(unopened), requested({ expiresAt: '2026-03-02T09:00:30Z' })]);
    if (isSwept) store.sweep('v', MINUTE_MS);

    expect(store.process(verdict({}, 11 * MINUTE_MS)).disposition).toBe('call_mismatch');
  }
});

test('what attempts have decided before the deadline answers what is late, swept or not', () => {
  const dispositions = [true, false].map((isSwept) => {
    const store = openStore();
    store.processBatch([requested({ maxAttempts: 1 }), opened(), progressed()]);
    if (isSwept) store.sweep('v', 5 * MINUTE_MS);
    const late = store.processBatch([
      verdict(other, 10 * MINUTE_MS),
      withdrawn({}, 10 * MINUTE_MS),
    ]);
    return late.map(({ disposition }) => disposition);
  });

  expect(dispositions[0]).toEqual(['contradictory', 'contradictory']);
  expect(dispositions[1]).toEqual(dispositions[0]);
});
