import { expect, test } from 'vitest';
import type { ConsumedRecord } from './consumed.ts';
import { TailReading } from './read-log-tail.ts';

const END = 100_000n;
const HOLD = { untilTurn: () => Promise.resolve() };

interface Read {
  /** Where each look began. */
  readonly looks: readonly bigint[];
  readonly taken: readonly bigint[];
}

interface Log {
  readonly start?: bigint;
  /** The offsets of its records; the others hold none. */
  readonly holds?: (offset: bigint) => boolean;
  /** Offsets in one fetch. */
  readonly fetch?: bigint;
}

/** Reads a log from where a record has this offset, or one before it. */
async function readBackTo(
  back: bigint,
  { start = 0n, holds = () => true, fetch = END }: Log = {},
): Promise<Read> {
  const taken: bigint[] = [];
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: (_, { offset }) => offset <= back,
    take: (_, records) => {
      taken.push(...records.map(({ offset }) => offset));
      return Promise.resolve();
    },
  });
  const looks: bigint[] = [];
  for (;;) {
    const found = await reading.locate({ partition: 0, logStart: start });
    if (found === 'stopped') break;
    looks.push(found.seekTo);
    let from = found.seekTo;
    while ((await reading.take(batchOf(from, from + fetch, holds), HOLD)) === 'taken')
      from += fetch;
  }
  expect(reading.isDone()).toBe(true);
  return { looks, taken };
}

function batchOf(from: bigint, through: bigint, holds: (offset: bigint) => boolean) {
  const nextOffset = through < END ? through : END;
  const offsets = Array.from({ length: Number(nextOffset - from) }, (_, at) => from + BigInt(at));
  const records = offsets.filter((offset) => holds(offset)).map(recordAt);
  return { topic: 't', partition: 0, fetchedOffset: from, nextOffset, records };
}

function recordAt(offset: bigint): ConsumedRecord {
  return { offset, timestampMs: 0, key: null, value: null, headers: [] };
}

test('reading begins further and further back until its first record is enough', async () => {
  const { looks, taken } = await readBackTo(END - 1_500n);

  expect(looks).toEqual([END - 500n, END - 1_000n, END - 2_000n]);
  expect(taken).toHaveLength(2_000);
  expect(taken[0]).toBe(END - 2_000n);
});

test('what is not far enough back is not taken, and what is taken is taken once, fetch by fetch', async () => {
  const { taken } = await readBackTo(END - 1_500n, { fetch: 7n });

  expect(taken).toEqual(Array.from({ length: 2_000 }, (_, at) => END - 2_000n + BigInt(at)));
});

test('a log that never reaches back far enough is read from where it begins', async () => {
  const { looks, taken } = await readBackTo(-1n);

  expect(looks.at(-1)).toBe(0n);
  expect(BigInt(taken.length)).toBe(END);
});

test('an end without records is looked behind', async () => {
  const { looks, taken } = await readBackTo(END, {
    holds: (offset) => offset < END - 900n,
    fetch: 100n,
  });

  expect(looks).toEqual([END - 500n, END - 1_000n]);
  expect(taken).toHaveLength(100);
});

test('a log that the retention has shortened meanwhile is read from where it begins now', async () => {
  const { looks, taken } = await readBackTo(-1n, { start: END - 300n });

  expect(looks).toEqual([END - 300n]);
  expect(taken).toHaveLength(300);
  expect(await readBackTo(-1n, { start: END })).toEqual({ looks: [], taken: [] });
});

test('where taking fails reading fails', async () => {
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: () => true,
    take: () => Promise.reject(new Error('not taken')),
  });

  const batch = batchOf(END - 500n, END, () => true);
  await expect(reading.take(batch, HOLD)).rejects.toThrow('not taken');
});

/** One partition, read from 500 before its end on. */
function read(back: bigint) {
  const taken: bigint[] = [];
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: (_, { offset }) => offset <= back,
    take: (_, records) => {
      taken.push(...records.map(({ offset }) => offset));
      return Promise.resolve();
    },
  });
  const take = (from: bigint, through: bigint) =>
    reading.take(
      batchOf(from, through, () => true),
      HOLD,
    );
  const locate = (logStart = 0n) => reading.locate({ partition: 0, logStart });
  return { reading, taken, take, locate };
}

test('a partition that is assigned again goes on where it was, and what comes twice is taken once', async () => {
  const { taken, take, locate } = read(END);
  await take(END - 500n, END - 400n);
  await take(END - 400n, END - 300n);

  expect(await locate()).toEqual({ seekTo: END - 300n });
  await take(END - 350n, END);

  expect(taken).toEqual(Array.from({ length: 500 }, (_, at) => END - 500n + BigInt(at)));
  expect(await locate()).toBe('stopped');
});

test.each([
  ['behind what was taken', END - 100n],
  ['all of it', END + 5n],
])('where the retention deletes %s meanwhile, that is said', async (_, logStart) => {
  const { reading, take, locate } = read(END);
  await take(END - 500n, END - 400n);

  const found = await locate(logStart);
  if (found !== 'stopped') await take(found.seekTo, END);

  expect(reading.isDone()).toBe(true);
  expect([...reading.trimmed]).toEqual([0]);
});

test('where the retention deletes what is not wanted, nothing is said', async () => {
  const { reading, take, locate } = read(END - 200n);

  expect(await locate(END - 300n)).toEqual({ seekTo: END - 300n });
  await take(END - 300n, END);

  expect(reading.isDone()).toBe(true);
  expect([...reading.trimmed]).toEqual([]);
});

test('taking waits for its turn, and says how many fetches are in hand', async () => {
  const turn = Promise.withResolvers<undefined>();
  const taken: number[] = [];
  const inHand: number[] = [];
  const reading = new TailReading({
    logs: new Map([[0, { start: 0n, end: END }]]),
    isEnough: () => true,
    take: (_, records) => Promise.resolve(void taken.push(records.length)),
    turn: () => turn.promise,
  });
  reading.onTaking = (count) => inHand.push(count);
  const taking = reading.take(
    batchOf(END - 500n, END, () => true),
    {
      untilTurn: async (awaited) => {
        await awaited;
      },
    },
  );

  expect(inHand).toEqual([1]);
  expect(taken).toEqual([]);
  turn.resolve(undefined);
  expect(await taking).toBe('stopped');
  expect(taken).toEqual([500]);
  expect(inHand).toEqual([1, 0]);
});
