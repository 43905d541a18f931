import { expect, test } from 'vitest';
import type { ConsumedRecord } from '../protocol/consumed-record.ts';
import { TailReading } from './read-log-tail.ts';

const END = 100_000n;
const LEASE = { waitForTurn: () => Promise.resolve() };

interface Read {
  /** Where each window started. */
  readonly windows: readonly bigint[];
  readonly processed: readonly bigint[];
}

interface Log {
  readonly start?: bigint;
  /** Whether an offset has a record. */
  readonly has?: (offset: bigint) => boolean;
  /** Offsets in one fetch. */
  readonly fetch?: bigint;
}

/** Reads a log from a record at or before this offset. */
async function readBackTo(
  back: bigint,
  { start = 0n, has = () => true, fetch = END }: Log = {},
): Promise<Read> {
  const processed: bigint[] = [];
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: (_, { offset }) => offset <= back,
    process: (_, records) => {
      processed.push(...records.map(({ offset }) => offset));
      return Promise.resolve();
    },
  });
  const windows: bigint[] = [];
  for (;;) {
    const found = await reading.locate({ partition: 0, logStart: start });
    if (found === 'stopped') break;
    windows.push(found.seekTo);
    let from = found.seekTo;
    while ((await reading.process(batchOf(from, from + fetch, has), LEASE)) === 'processed')
      from += fetch;
  }
  expect(reading.isDone()).toBe(true);
  return { windows, processed };
}

function batchOf(from: bigint, through: bigint, has: (offset: bigint) => boolean) {
  const nextOffset = through < END ? through : END;
  const offsets = Array.from({ length: Number(nextOffset - from) }, (_, at) => from + BigInt(at));
  const records = offsets.filter((offset) => has(offset)).map(recordAt);
  return { topic: 't', partition: 0, fetchedOffset: from, nextOffset, records };
}

function recordAt(offset: bigint): ConsumedRecord {
  return { offset, timestampMs: 0, key: null, value: null, headers: [] };
}

test('reading starts further and further back until its first record is enough', async () => {
  const { windows, processed } = await readBackTo(END - 1_500n);

  expect(windows).toEqual([END - 500n, END - 1_000n, END - 2_000n]);
  expect(processed).toHaveLength(2_000);
  expect(processed[0]).toBe(END - 2_000n);
});

test('records are processed once, fetch by fetch, and none of a window that is too small', async () => {
  const { processed } = await readBackTo(END - 1_500n, { fetch: 7n });

  expect(processed).toEqual(Array.from({ length: 2_000 }, (_, at) => END - 2_000n + BigInt(at)));
});

test('a log that is never enough is read from its start', async () => {
  const { windows, processed } = await readBackTo(-1n);

  expect(windows.at(-1)).toBe(0n);
  expect(BigInt(processed.length)).toBe(END);
});

test('reading starts further back if the end has no records', async () => {
  const { windows, processed } = await readBackTo(END, {
    has: (offset) => offset < END - 900n,
    fetch: 100n,
  });

  expect(windows).toEqual([END - 500n, END - 1_000n]);
  expect(processed).toHaveLength(100);
});

test('a log that the retention shortened meanwhile is read from its new start', async () => {
  const { windows, processed } = await readBackTo(-1n, { start: END - 300n });

  expect(windows).toEqual([END - 300n]);
  expect(processed).toHaveLength(300);
  expect(await readBackTo(-1n, { start: END })).toEqual({ windows: [], processed: [] });
});

test('reading rejects if processing rejects', async () => {
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: () => true,
    process: () => Promise.reject(new Error('not processed')),
  });

  const batch = batchOf(END - 500n, END, () => true);
  await expect(reading.process(batch, LEASE)).rejects.toThrow('not processed');
});

/** One partition, read from offset END - 500. */
function read(back: bigint) {
  const processed: bigint[] = [];
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: (_, { offset }) => offset <= back,
    process: (_, records) => {
      processed.push(...records.map(({ offset }) => offset));
      return Promise.resolve();
    },
  });
  const process = (from: bigint, through: bigint) =>
    reading.process(
      batchOf(from, through, () => true),
      LEASE,
    );
  const locate = (logStart = 0n) => reading.locate({ partition: 0, logStart });
  return { reading, processed, process, locate };
}

test('a partition that is assigned again continues where it was, and processes no record twice', async () => {
  const { processed, process, locate } = read(END);
  await process(END - 500n, END - 400n);
  await process(END - 400n, END - 300n);

  expect(await locate()).toEqual({ seekTo: END - 300n });
  await process(END - 350n, END);

  expect(processed).toEqual(Array.from({ length: 500 }, (_, at) => END - 500n + BigInt(at)));
  expect(await locate()).toBe('stopped');
});

test.each([
  ['records after the processed ones', END - 100n],
  ['the whole log', END + 5n],
])(
  'a partition is reported as trimmed if the retention deletes %s meanwhile',
  async (_, logStart) => {
    const { reading, process, locate } = read(END);
    await process(END - 500n, END - 400n);

    const found = await locate(logStart);
    if (found !== 'stopped') await process(found.seekTo, END);

    expect(reading.isDone()).toBe(true);
    expect([...reading.trimmed]).toEqual([0]);
  },
);

test('a partition is not reported as trimmed if the retention deletes unwanted records', async () => {
  const { reading, process, locate } = read(END - 200n);

  expect(await locate(END - 300n)).toEqual({ seekTo: END - 300n });
  await process(END - 300n, END);

  expect(reading.isDone()).toBe(true);
  expect([...reading.trimmed]).toEqual([]);
});

test('processing waits for its turn, and reports how many batches are running', async () => {
  const turn = Promise.withResolvers<undefined>();
  const processed: number[] = [];
  const running: number[] = [];
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: () => true,
    process: (_, records) => Promise.resolve(void processed.push(records.length)),
    turn: () => turn.promise,
  });
  reading.onProcessing = (count) => running.push(count);
  const processing = reading.process(
    batchOf(END - 500n, END, () => true),
    {
      waitForTurn: async (awaited) => {
        await awaited;
      },
    },
  );

  expect(running).toEqual([1]);
  expect(processed).toEqual([]);
  turn.resolve(undefined);
  expect(await processing).toBe('stopped');
  expect(processed).toEqual([500]);
  expect(running).toEqual([1, 0]);
});
