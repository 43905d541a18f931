import { expect, test } from 'vitest';
import { partitionOf } from './partition-of.ts';

// Hashes from Kafka's own UtilsTest (Java) and, below, from kafkajs 2.2.4.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
])('the key %j has the hash of the Java client', (key, hash) => {
  const most = 2 ** 31 - 1;

  expect(partitionOf(key, most)).toBe((hash & 0x7fffffff) % most);
});

test.each([
  ['', 1, 31],
  ['a', 4, 24],
  ['ab', 2, 34],
  ['abc', 3, 7],
  ['abcd', 4, 0],
  ['日本語', 2, 20],
  ['😀', 1, 17],
])('the key %j has the partition that kafkajs chooses among 8 and 50', (key, ofEight, ofFifty) => {
  expect(partitionOf(key, 8)).toBe(ofEight);
  expect(partitionOf(key, 50)).toBe(ofFifty);
});

test.each([0, -1, 1.5, Number.NaN])('%d partitions are refused', (count) => {
  expect(() => partitionOf('a', count)).toThrow(RangeError);
});
