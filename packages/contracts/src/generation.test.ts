import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochOf, epochStart, MAX_EPOCH, nextGeneration } from './generation.ts';

const epoch = fc.integer({ min: 0, max: MAX_EPOCH });
const count = fc.bigInt({ min: 0n, max: 2n ** 39n });

test('within an epoch the generation rises by one', () => {
  expect(nextGeneration(0n, 0)).toBe(1n);
  expect(nextGeneration(41n, 0)).toBe(42n);
  expect(nextGeneration(epochStart(3) + 7n, 3)).toBe(epochStart(3) + 8n);
});

test('the first generation after the epoch was raised continues to count in it', () => {
  expect(nextGeneration(41n, 1)).toBe(2n ** 40n + 42n);
  expect(nextGeneration(epochStart(1) + 5n, 4)).toBe(epochStart(4) + 6n);
});

test('a generation is above all of earlier epochs, belongs to its own, and is an exact number', () => {
  fc.assert(
    fc.property(epoch, epoch, count, count, (a, b, n, lost) => {
      const [earlier, later] = [Math.min(a, b), Math.max(a, b)];
      const next = nextGeneration(epochStart(earlier) + n, later);

      expect(epochOf(next)).toBe(later);
      if (earlier < later) expect(next).toBeGreaterThan(epochStart(earlier) + lost);
      expect(BigInt(Number(next))).toBe(next);
      expect(Number.isSafeInteger(Number(next))).toBe(true);
    }),
  );
});
