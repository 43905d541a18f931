import { expect, test } from 'vitest';
import { TailReading } from './read-log-tail.ts';

const END = 100_000n;
const MAX_WINDOW_OFFSETS = 2_100n;

/** Reads a log of which each look brings all that it asks for; `reads` is where each look began. */
async function readBackTo(offset: bigint): Promise<{ reads: readonly bigint[]; first: bigint }> {
  const wanted = {
    logs: new Map([[0, { start: 0n, end: END }]]),
    read: (_: number, record: { readonly offset: bigint }) => record.offset,
    isEnough: (_: number, offsets: readonly bigint[]) => offsets.some((one) => one <= offset),
  };
  const reading = new TailReading(wanted, MAX_WINDOW_OFFSETS);
  const reads: bigint[] = [];
  for (;;) {
    const found = await reading.locate({ partition: 0 });
    if (found === 'stopped') break;
    reads.push(found.seekTo);
    await reading.take(batchFrom(found.seekTo));
  }
  return { reads, first: reading.tails().get(0)?.[0] ?? -1n };
}

function batchFrom(from: bigint) {
  const count = Number(END - from);
  const records = Array.from({ length: count }, (_, at) => ({
    offset: from + BigInt(at),
    timestampMs: 0,
    key: null,
    value: null,
    headers: [],
  }));
  const batch = { topic: 't', partition: 0, fetchedOffset: from };
  return { ...batch, nextOffset: END, records };
}

test('the end of a log is read back in growing windows, the last of which is the limit', async () => {
  const { reads, first } = await readBackTo(END - 2_050n);

  expect(reads).toEqual([END - 500n, END - 2_000n, END - MAX_WINDOW_OFFSETS]);
  expect(first).toBe(END - MAX_WINDOW_OFFSETS);
});

test('what lies in front of the limit is refused with the partition', async () => {
  await expect(readBackTo(END - 2_101n)).rejects.toThrow(
    'partition 0: the last 2100 offsets are not enough',
  );
});
