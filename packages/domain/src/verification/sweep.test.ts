import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idsOf, processSteps, reportSequences } from './sequences.test-support.ts';
import {
  HOUR_MS,
  MINUTE_MS,
  opened,
  openStore,
  POLICY,
  progressed,
  requested,
  SECOND_MS,
  START_MS,
} from './store.test-support.ts';
import { sweepVerification } from './sweep.ts';

const clock = fc.oneof(
  fc.integer({ min: 0, max: 30 * MINUTE_MS }),
  fc.integer({ min: 0, max: 4 * HOUR_MS }),
);

test('the sweep acts if and only if the clock and what was read have passed the deadline, and then moves it on', () => {
  fc.assert(
    fc.property(reportSequences, clock, clock, (steps, nowMs, readThroughMs) => {
      const store = processSteps(steps);
      const dueMs = START_MS + Math.min(nowMs, readThroughMs);
      for (const id of idsOf(steps)) {
        const before = store.verification(id).nextDeadlineAtMs ?? Infinity;

        const changes = store.sweep(id, nowMs, readThroughMs);

        expect(changes !== undefined).toBe(before <= dueMs);
        expect(store.verification(id).nextDeadlineAtMs ?? Infinity).toBeGreaterThan(dueMs);
        const decidedAt = changes?.settled?.decidedAt;
        if (decidedAt !== undefined) expect(Date.parse(decidedAt)).toBeLessThanOrEqual(dueMs);
        expect(store.sweep(id, nowMs, readThroughMs)).toBeUndefined();
      }
    }),
    { numRuns: 1000 },
  );
});

test('a deadline that was stored under a shorter grace period is moved, and decides nothing', () => {
  const store = openStore();
  store.processBatch([requested(), opened(), progressed({}, SECOND_MS)]);
  const world = {
    verification: store.verification(),
    attempts: store.attempts(),
    failures: undefined,
    epoch: 0,
  };
  const later = { ...POLICY, graceMs: 5 * MINUTE_MS };
  const atMs = START_MS + 3 * MINUTE_MS;

  const changes = sweepVerification(world, { nowMs: atMs, readThroughMs: atMs }, later);

  const deadlineMs = START_MS + SECOND_MS + 5 * MINUTE_MS;
  expect(changes).toMatchObject({
    verification: { state: 'pending', nextDeadlineAtMs: deadlineMs },
    attempts: [],
    settled: undefined,
    decisions: [{ kind: 'deadline_moved', deadlineMs }],
  });
});

test('a verification that is final or unknown has no deadline to sweep', () => {
  const clocks = { nowMs: START_MS + HOUR_MS, readThroughMs: START_MS + HOUR_MS };
  const nothing = { verification: undefined, attempts: [], failures: undefined, epoch: 0 };
  const store = openStore();
  store.processBatch([requested({ expiresAt: '2026-03-02T09:00:00Z' })]);

  expect(store.verification().state).toBe('expired');
  expect(store.verification().nextDeadlineAtMs).toBeUndefined();
  expect(sweepVerification(nothing, clocks, POLICY)).toBeUndefined();
  expect(
    sweepVerification({ ...nothing, verification: store.verification() }, clocks, POLICY),
  ).toBeUndefined();
});
