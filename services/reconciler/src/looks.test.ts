import { expect, test } from 'vitest';
import { nextLook, partitionCount, waitingOf } from './looks.ts';

const HOUR_MS = 3_600_000;
const seen = (logEnd: bigint, throughMs: number, epoch = 0) => ({ epoch, logEnd, throughMs });
const at = (nextOffset: bigint, epoch = 0) => ({ epoch, nextOffset });

test('a partition that is read to its end has reached the latest look', () => {
  const latest = seen(10n, 5);
  expect(nextLook(seen(7n, 1), latest, at(10n))).toEqual({ reached: latest, next: undefined });
});

test('a reader that is never at the end has reached what was seen a moment ago', () => {
  const [first, second] = [seen(10n, 1), seen(20n, 2)];
  expect(nextLook(undefined, first, at(9n))).toEqual({ reached: undefined, next: first });
  expect(nextLook(first, second, at(9n))).toEqual({ reached: undefined, next: first });
  expect(nextLook(first, second, at(10n))).toEqual({ reached: first, next: second });
});

test('a look from before an operator accepted another log is not waited for', () => {
  const latest = seen(20n, 2, 1);
  expect(nextLook(seen(10n, 1), latest, at(15n, 1))).toEqual({ reached: undefined, next: latest });
});

test('a new partition counts from when it is seen', () => {
  const known = partitionCount(undefined, 2, 0);
  expect(partitionCount(known, 3, 1).count).toBe(3);
});

test('fewer partitions are believed once nothing else was told for an hour', () => {
  const known = partitionCount(undefined, 3, 0);
  const doubted = partitionCount(known, 2, HOUR_MS - 1);
  expect(doubted.count).toBe(3);
  expect(partitionCount(doubted, 2, HOUR_MS).count).toBe(2);
  const told = partitionCount(doubted, 3, HOUR_MS - 1);
  expect(partitionCount(told, 2, HOUR_MS).count).toBe(3);
});

test('deadlines wait for the partition that is furthest behind', () => {
  expect(waitingOf([70, 40, 90], true, 100, undefined)).toEqual({
    ageMs: 60,
    unnotedSinceMs: undefined,
  });
  expect(waitingOf([], true, 100, undefined)).toMatchObject({ ageMs: 0 });
});

test('without a noted position, or with a partition missing, the wait counts from when that was first seen', () => {
  const first = waitingOf([90, null], true, 100, undefined);
  expect(first).toEqual({ ageMs: 10, unnotedSinceMs: 100 });
  expect(waitingOf([190, null], true, 200, first)).toEqual({ ageMs: 100, unnotedSinceMs: 100 });
  expect(waitingOf([290, 295], true, 300, first)).toEqual({ ageMs: 10, unnotedSinceMs: undefined });
  expect(waitingOf([90], false, 100, undefined)).toEqual({ ageMs: 10, unnotedSinceMs: 100 });
});
