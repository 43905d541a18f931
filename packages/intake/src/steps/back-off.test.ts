import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test.each([
  [1, 5_000],
  [2, 10_000],
  [3, 20_000],
  [10, 2_560_000],
  [11, 3_600_000],
  [2_000_000_000, 3_600_000],
])('after try %d an item waits %d ms', (attempt, waitMs) => {
  expect(backOffMs(attempt)).toBe(waitMs);
});

test('the wait never falls, and is never more than an hour', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (attempt) => {
      const waitMs = backOffMs(attempt);
      expect(waitMs).toBeGreaterThanOrEqual(5_000);
      expect(waitMs).toBeLessThanOrEqual(3_600_000);
      expect(backOffMs(attempt + 1)).toBeGreaterThanOrEqual(waitMs);
    }),
  );
});
