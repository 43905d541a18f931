import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startOf } from './replay-from.ts';

const KEPT = { earliest: 5n, last: 8n };

test.each([
  ['earliest', 5n, true],
  ['latest', 9n, true],
  [5n, 5n, true],
  [9n, 9n, true],
  [4n, 4n, false],
  [10n, 10n, false],
] as const)('from %s the lane starts at %s, kept: %s', (from, position, isKept) => {
  expect(startOf(KEPT, from, 2n)).toEqual({ position, isKept });
});

test('without a position a lane starts after its log, and at 1 where the log is empty', () => {
  expect(startOf(KEPT, undefined, 6n)).toEqual({ position: 7n, isKept: true });
  expect(startOf(KEPT, undefined, 3n)).toEqual({ position: 4n, isKept: false });
  expect(startOf(KEPT, undefined, undefined)).toEqual({ position: 1n, isKept: false });
  expect(startOf({ earliest: 1n, last: 0n }, undefined, undefined)).toEqual({
    position: 1n,
    isKept: true,
  });
});

test('earliest and latest are always kept', () => {
  const position = fc.bigInt({ min: 0n, max: 1_000n });
  fc.assert(
    fc.property(position, position, (before, rows) => {
      const kept = { earliest: before + 1n, last: before + rows };
      expect(startOf(kept, 'earliest', undefined).isKept).toBe(true);
      expect(startOf(kept, 'latest', undefined).isKept).toBe(true);
    }),
  );
});
