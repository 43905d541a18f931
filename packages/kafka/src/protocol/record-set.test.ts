import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { FetchedMessage } from './fetched-message.ts';
import { decodeRecordSet, MAX_BATCH_BYTES, MAX_BATCH_HEADERS } from './record-set.ts';

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;
const ZSTD = 4;
const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

test('records are decoded as they were written', async () => {
  const headers = [
    ['a', 'first'],
    ['__proto__', 'x'],
    ['a', 'second'],
    ['none', null],
  ] as const;
  const set = batch({ baseOffset: 7n }, [
    record(0, { key: null, value: null, headers }),
    record(1, { key: Buffer.from('key'), value: Buffer.from('value') }),
  ]);
  const [first, second] = await decodeRecordSet(set, []);
  expect(first?.record).toEqual({
    offset: 7n,
    timestampMs: 1_000,
    key: null,
    value: null,
    headers: headers.map(([name, value]) => [name, Buffer.from(value ?? '')]),
  });
  expect(second?.record).toMatchObject({ offset: 8n, timestampMs: 1_001 });
  expect(String(second?.value)).toBe('value');
  // In the shape of kafkajs.
  expect(Object.keys(first?.headers ?? {})).toEqual(['a', '__proto__', 'none']);
});

test('a record has the time of the broker on a topic with LogAppendTime', async () => {
  const set = batch({ baseOffset: 0n, attributes: LOG_APPEND_TIME }, [record(0), record(1)]);
  const messages = await decodeRecordSet(set, []);
  expect(messages.map((message) => message.record.timestampMs)).toEqual([9_000, 9_000]);
});

test('interleaved aborted transactions are left out, and no others', async () => {
  const of = (producerId: bigint, baseOffset: bigint): Buffer =>
    batch({ baseOffset, producerId, attributes: TRANSACTIONAL }, [record(0)]);
  const ends = (producerId: bigint, baseOffset: bigint, key: Buffer): Buffer =>
    batch({ baseOffset, producerId, attributes: TRANSACTIONAL | CONTROL }, [record(0, { key })]);
  const set = Buffer.concat([
    of(1n, 0n),
    of(2n, 1n),
    of(3n, 2n),
    ends(2n, 3n, ABORT),
    of(2n, 4n),
    ends(1n, 5n, ABORT),
    ends(2n, 6n, COMMIT),
    of(1n, 7n),
    ends(3n, 8n, COMMIT),
  ]);
  // Sorted by their ends, as the broker does.
  const aborted = [
    { producerId: 2n, firstOffset: 1n },
    { producerId: 1n, firstOffset: 0n },
  ];
  const messages = await decodeRecordSet(set, aborted);
  expect(offsets(messages.filter((message) => !message.isControlRecord))).toEqual([2, 4, 7]);
  expect(offsets(messages)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);

  const shown = await decodeRecordSet(set, aborted, true);
  expect(shown.some((message) => message.isControlRecord)).toBe(false);
  expect(offsets(shown.filter((message) => !message.isPlaceholder))).toEqual([2, 4, 7]);
});

test('offsets that compaction removed become placeholders', async () => {
  const emptied = batch({ baseOffset: 0n, lastOffsetDelta: 4 }, []);
  const thinned = batch({ baseOffset: 5n, lastOffsetDelta: 4 }, [record(1)]);
  const messages = await decodeRecordSet(Buffer.concat([emptied, thinned]), []);
  expect(offsets(messages)).toEqual([4, 6, 9]);
  expect(offsets(messages.filter((message) => message.isPlaceholder))).toEqual([4, 9]);
});

test('an incomplete batch is left for the next fetch', async () => {
  const set = Buffer.concat([
    batch({ baseOffset: 0n }, [record(0)]),
    batch({ baseOffset: 1n }, [record(0)]),
  ]);
  expect(offsets(await decodeRecordSet(set.subarray(0, -1), []))).toEqual([0]);
  expect(await decodeRecordSet(set.subarray(0, 30), [])).toEqual([]);
});

test.for([
  ['a bomb', zstdCompressSync(Buffer.alloc(MAX_BATCH_BYTES + 1)), ZSTD, 1],
  ['an unknown codec', Buffer.alloc(10), 7, 1],
  ['more headers than bytes', record(0, { headerCount: 1_000_000 }), 0, 1],
  // 31 bytes of zstd for each MiB, 100 MiB for each MiB in memory.
  ['a bomb of headers', zstdCompressSync(emptyHeaders(1, 5_000_000)), ZSTD, 1],
  ['a bomb of headers in many records', emptyHeaders(26, MAX_BATCH_HEADERS / 25), 0, 26],
  ['fewer records than it states', record(0), 0, 2],
  ['more records than the limit', record(0), 0, 2_000_000_000],
  ['a number of records below zero', record(0), 0, -1],
] as const)('a batch with %s is unreadable, and batches before it are read', async (hostile) => {
  const [, packed, attributes, count] = hostile;
  const set = Buffer.concat([
    batch({ baseOffset: 0n }, [record(0)]),
    batch({ baseOffset: 1n, attributes, count, lastOffsetDelta: 2 }, [packed]),
    batch({ baseOffset: 4n }, [record(0)]),
  ]);
  const messages = await decodeRecordSet(set, []);
  expect(offsets(messages)).toEqual([0, 3]);
  expect(messages[1]?.unreadable).toMatchObject({ firstOffset: 1n, lastOffset: 3n });
});

test.for([
  ['an older message format', 0, 1, 40],
  ['an older message format in a long message', 0, 1, 400],
  ['a length that is shorter than its header', 0, 2, 40],
  ['a length below zero', -20, 2, 61],
] as const)('a batch with %s is unreadable', async ([, length, format, bytes]) => {
  const wrong = Buffer.alloc(bytes);
  wrong.writeBigInt64BE(1n, 0);
  wrong.writeInt32BE(length === 0 ? bytes - 12 : length, 8);
  wrong.writeInt8(format, 16);
  const set = Buffer.concat([batch({ baseOffset: 0n }, [record(0)]), wrong]);
  const messages = await decodeRecordSet(set, []);
  expect(offsets(messages)).toEqual([0, 1]);
  expect(messages[1]?.unreadable).toMatchObject({ firstOffset: 1n, lastOffset: 1n });
});

test('decoding the largest batch lets the event loop run', async () => {
  const records = Array.from({ length: 100_000 }, (_, delta) => record(delta));
  const set = batch({ baseOffset: 0n }, records);
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 0);
  expect(await decodeRecordSet(set, [])).toHaveLength(records.length);
  clearInterval(counting);
  expect(turns).toBeGreaterThan(3);
});

test('20,000 headers decode in less than a second', async () => {
  const headers = Array.from({ length: 20_000 }, (_, index) => [`header-${index}`, 'v'] as const);
  const startedMs = performance.now();
  const [message] = await decodeRecordSet(batch({ baseOffset: 0n }, [record(0, { headers })]), []);
  expect(message?.record.headers).toHaveLength(20_000);
  // kafkajs needs minutes.
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

function offsets(messages: readonly FetchedMessage[]): number[] {
  return messages.map((message) => Number(message.record.offset));
}

interface BatchParts {
  readonly baseOffset: bigint;
  readonly attributes?: number;
  readonly producerId?: bigint;
  readonly lastOffsetDelta?: number;
  /** In the header; by default the real one. */
  readonly count?: number;
}

function batch(parts: BatchParts, records: readonly Buffer[]): Buffer {
  const body = Buffer.concat(records);
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(parts.baseOffset, 0);
  header.writeInt32BE(61 - 12 + body.length, 8);
  header.writeInt8(2, 16);
  header.writeInt16BE(parts.attributes ?? 0, 21);
  header.writeInt32BE(parts.lastOffsetDelta ?? records.length - 1, 23);
  header.writeBigInt64BE(1_000n, 27);
  header.writeBigInt64BE(9_000n, 35);
  header.writeBigInt64BE(parts.producerId ?? -1n, 43);
  header.writeInt32BE(parts.count ?? records.length, 57);
  return Buffer.concat([header, body]);
}

interface RecordParts {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: readonly (readonly [string, string | null])[];
  /** In the record; by default the real one. */
  readonly headerCount?: number;
}

/** A record with an offset and a time `delta` after those of its batch. */
function record(delta: number, parts: RecordParts = {}): Buffer {
  const { key = null, value = Buffer.from('v'), headers = [] } = parts;
  const body = Buffer.concat([
    Buffer.of(0),
    varint(delta),
    varint(delta),
    sized(key),
    sized(value),
    varint(parts.headerCount ?? headers.length),
    ...headers.flatMap(([name, text]) => [
      sized(Buffer.from(name)),
      sized(text === null ? null : Buffer.from(text)),
    ]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** Records with headers of two bytes each: no name, no value. */
function emptyHeaders(records: number, headers: number): Buffer {
  const start = Buffer.concat([Buffer.of(0, 0, 0), sized(null), sized(null), varint(headers)]);
  const body = Buffer.concat([start, Buffer.alloc(2 * headers)]);
  return Buffer.concat(Array.from({ length: records }, () => [varint(body.length), body]).flat());
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
