import { expect, test } from 'vitest';
import { advanceMark, measureWait, updatePartitionCount } from './read-marks.ts';

const HOUR_MS = 3_600_000;
const mark = (logEnd: bigint, throughMs: number, epoch = 0) => ({ epoch, logEnd, throughMs });
const at = (nextOffset: bigint, epoch = 0) => ({ epoch, nextOffset });

test('a partition that is read to its end has reached the latest mark', () => {
  const latest = mark(10n, 5);
  expect(advanceMark(mark(7n, 1), latest, at(10n))).toEqual({ reached: latest, next: undefined });
});

test('a reader that is never at the latest end reaches the mark of a moment ago', () => {
  const [first, second] = [mark(10n, 1), mark(20n, 2)];
  expect(advanceMark(undefined, first, at(9n))).toEqual({ reached: undefined, next: first });
  expect(advanceMark(first, second, at(9n))).toEqual({ reached: undefined, next: first });
  expect(advanceMark(first, second, at(10n))).toEqual({ reached: first, next: second });
});

test('a mark from before an operator accepted another log is dropped', () => {
  const latest = mark(20n, 2, 1);
  expect(advanceMark(mark(10n, 1), latest, at(15n, 1))).toEqual({
    reached: undefined,
    next: latest,
  });
});

test('a new partition counts at once', () => {
  const known = updatePartitionCount(undefined, 2, 0);
  expect(updatePartitionCount(known, 3, 1).count).toBe(3);
});

test('fewer partitions count after an hour without another report', () => {
  const known = updatePartitionCount(undefined, 3, 0);
  const soon = updatePartitionCount(known, 2, HOUR_MS - 1);
  expect(soon.count).toBe(3);
  expect(updatePartitionCount(soon, 2, HOUR_MS).count).toBe(2);
  const confirmed = updatePartitionCount(soon, 3, HOUR_MS - 1);
  expect(updatePartitionCount(confirmed, 2, HOUR_MS).count).toBe(3);
});

test('deadlines wait for the partition that is furthest behind', () => {
  expect(measureWait([70, 40, 90], true, 100, undefined)).toEqual({
    ageMs: 60,
    incompleteSinceMs: undefined,
  });
  expect(measureWait([], true, 100, undefined)).toMatchObject({ ageMs: 0 });
});

test('where a partition is missing or was never read through, the wait counts from when that was first seen', () => {
  const first = measureWait([90, null], true, 100, undefined);
  expect(first).toEqual({ ageMs: 10, incompleteSinceMs: 100 });
  expect(measureWait([190, null], true, 200, first)).toEqual({
    ageMs: 100,
    incompleteSinceMs: 100,
  });
  expect(measureWait([290, 295], true, 300, first)).toEqual({
    ageMs: 10,
    incompleteSinceMs: undefined,
  });
  expect(measureWait([90], false, 100, undefined)).toEqual({ ageMs: 10, incompleteSinceMs: 100 });
});
