import { expect, test } from 'vitest';
import { atLeastShare, atMostTimes, lastAtMostTimes } from './judge.ts';
import type { GrowthPoint } from './result.ts';

function pointsOf(...values: readonly number[]): readonly GrowthPoint[] {
  return values.map((value, index) => ({
    x: 10 ** (index + 3),
    value,
    unit: 'µs CPU an event',
    repetitions: 1,
  }));
}

test('an axis is beyond its bound when any step exceeds the limit', () => {
  const judge = atMostTimes(1.25);
  expect(judge(pointsOf(100, 125, 90)).verdict).toBe('within');
  expect(judge(pointsOf(100, 126, 90))).toEqual({
    verdict: 'beyond',
    note: '10,000: 1.26 × 1,000',
  });
});

test('where only the last step counts, earlier steps may exceed the limit', () => {
  expect(lastAtMostTimes(3)(pointsOf(10, 40, 30)).verdict).toBe('within');
});

test('a rate must not fall below its share of the first', () => {
  const judge = atLeastShare(0.9);
  expect(judge(pointsOf(1_000, 900, 2_000)).verdict).toBe('within');
  expect(judge(pointsOf(1_000, 890)).verdict).toBe('beyond');
});

test('one point alone proves nothing', () => {
  expect(atMostTimes(2)(pointsOf(1)).verdict).toBe('not measured');
  expect(atLeastShare(0.9)(pointsOf(1)).verdict).toBe('not measured');
});
