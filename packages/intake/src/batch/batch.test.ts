import { expect, test } from 'vitest';
import { type Batch, splitBatch } from './batch.ts';

/** A batch from offset 10 whose values have these sizes in bytes; -1: no value. */
function batchOf(...sizes: readonly number[]): Batch {
  const deliveries = sizes.map((size, index) => ({
    offset: 10n + BigInt(index),
    takenAtMs: 0,
    key: null,
    value: size < 0 ? null : Buffer.alloc(size),
    headers: [],
  }));
  const nextOffset = 20n;
  return {
    topic: 't',
    input: 'workforce-events',
    partition: 0,
    fetchedOffset: 7n,
    nextOffset,
    deliveries,
  };
}

function sizesOf(parts: readonly Batch[]): readonly (readonly number[])[] {
  return parts.map(({ deliveries }) => deliveries.map(({ value }) => value?.length ?? -1));
}

test.each([
  [
    [1, 1, 1, 1, 1],
    [
      [1, 1, 1],
      [1, 1],
    ],
  ],
  [
    [40, 40, 40],
    [[40, 40], [40]],
  ],
  [
    [200, 1, 1],
    [[200], [1, 1]],
  ],
  [
    [1, 200, 1],
    [[1], [200], [1]],
  ],
  [[100, -1, -1], [[100, -1, -1]]],
  [
    [50, 50, 50, 50],
    [
      [50, 50],
      [50, 50],
    ],
  ],
])(
  'values of %j bytes are split into %j: at most 3 values and 100 bytes a part',
  (sizes, parts) => {
    expect(sizesOf(splitBatch(batchOf(...sizes), 3, 100))).toEqual(parts);
  },
);

test('parts are consecutive, from the first offset of the batch to its end', () => {
  const parts = splitBatch(batchOf(60, 60, 60), 9, 100);
  expect(parts.map(({ fetchedOffset, nextOffset }) => [fetchedOffset, nextOffset])).toEqual([
    [7n, 11n],
    [11n, 12n],
    [12n, 20n],
  ]);
});

test('a batch without deliveries is one part', () => {
  const empty = batchOf();
  expect(splitBatch(empty, 3, 100)).toEqual([empty]);
});
