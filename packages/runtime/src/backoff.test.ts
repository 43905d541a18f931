import { expect, test } from 'vitest';
import { backoff } from './backoff.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

test('the bound of the delays doubles up to its maximum', () => {
  const delays = backoff({ firstMs: 100, maxMs: 1_000 }, () => ALMOST_ONE);

  const drawn = Array.from({ length: 6 }, () => delays.nextMs());

  expect(drawn).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('a delay is drawn from zero on', () => {
  const delays = backoff({ firstMs: 100, maxMs: 1_000 }, () => 0);

  expect(delays.nextMs()).toBe(0);
});

test('a reset begins with the first bound again', () => {
  const delays = backoff({ firstMs: 100, maxMs: 1_000 }, () => ALMOST_ONE);
  delays.nextMs();
  delays.nextMs();

  delays.reset();

  expect(delays.nextMs()).toBe(100);
});

test.each([
  { firstMs: 0, maxMs: 10 },
  { firstMs: 20, maxMs: 10 },
  { firstMs: Number.NaN, maxMs: 10 },
])('refuses $firstMs ms up to $maxMs ms', (options) => {
  expect(() => backoff(options)).toThrow(RangeError);
});
