import { expect, test } from 'vitest';
import { median, quantile, summaryOf } from './statistics.ts';

test('the median is the figure in the middle, or half-way between two', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a quantile is a figure that was measured, and the last one is the highest', () => {
  const figures = Array.from({ length: 100 }, (_, index) => 100 - index);

  expect(quantile(figures, 0.5)).toBe(50);
  expect(quantile(figures, 0.99)).toBe(99);
  expect(quantile(figures, 1)).toBe(100);
  expect(quantile([7], 0)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a summary keeps the range', () => {
  expect(summaryOf([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5, count: 3 });
});
