import { setImmediate } from 'node:timers/promises';
import { ByteReader } from './byte-reader.ts';
import { codecOf } from './compression/codecs.ts';
import type { ConsumedRecord } from './consumed-record.ts';
import { FetchedMessage } from './fetched-message.ts';

/** An aborted transaction, with the offset of its first record in the partition. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** A record batch that decompresses to more is unreadable: a bomb of 1 MiB would take gigabytes. */
export const MAX_BATCH_BYTES = 32 * 1024 * 1024;
/** Producers send up to some 10,000 records in a batch; each takes about half a kilobyte once decoded. */
export const MAX_BATCH_RECORDS = 100_000;
/** A header takes two bytes before and 200 after it is decoded: without a bound 1 KiB packed takes gigabytes. */
const MAX_RECORD_HEADERS = 20_000;
export const MAX_BATCH_HEADERS = 500_000;
/** Once this much is decoded, the rest of a fetched partition is left for the next fetch. */
const ENOUGH_BYTES = 4 * 1024 * 1024;
const ENOUGH_RECORDS = 5_000;
const ENOUGH_HEADERS = 50_000;
/** Records and headers to decode, in some 5 ms, before the event loop gets a turn. */
const AT_ONCE_COUNT = 10_000;

const HEADER_BYTES = 61;
const LENGTH_STARTS = 12;
const FORMAT_AT = 16;
const FORMAT = 2;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;

interface BatchHeader {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly format: number;
  readonly attributes: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly count: number;
}

/**
 * Decodes the record batches of one partition of a fetch response (message format 2, Kafka 0.11 and newer). An
 * incomplete batch at the end is left for the next fetch. A batch that cannot be decoded, or of another message format,
 * becomes a single unreadable message and ends the set. Batches of aborted transactions, control records and offsets
 * that compaction removed become placeholders, so that a reader moves past them. Never rejects.
 *
 * @param showPlaceholders - whether kafkajs passes placeholders to its consumer; if not, it moves past them by itself
 */
export async function decodeRecordSet(
  set: Buffer,
  aborted: readonly AbortedTransaction[],
  showPlaceholders = false,
): Promise<FetchedMessage[]> {
  const messages: FetchedMessage[] = [];
  const isEmpty = createEmptyFilter(aborted);
  let unpackedBytes = 0;
  let headers = 0;
  for (const batch of completeBatches(set)) {
    const header = readHeader(batch);
    try {
      const packed = batch.subarray(HEADER_BYTES);
      if (isEmpty(header, packed)) {
        messages.push(FetchedMessage.placeholder(header.lastOffset, showPlaceholders));
        continue;
      }
      // eslint-disable-next-line no-await-in-loop -- one at a time, to bound memory
      const unpacked = await unpack(header, packed);
      // eslint-disable-next-line no-await-in-loop -- the event loop gets turns
      const read = await readRecords(header, unpacked);
      unpackedBytes += unpacked.length;
      headers += read.headers;
      messages.push(...read.messages, ...gapAfter(read.messages, header, showPlaceholders));
    } catch (error) {
      messages.push(unreadable(header, error));
      break;
    }
    if (unpackedBytes >= ENOUGH_BYTES || messages.length >= ENOUGH_RECORDS) break;
    if (headers >= ENOUGH_HEADERS) break;
  }
  return messages;
}

/** The last one may be shorter than a batch header: then its length is wrong, or its format is an older one. */
function* completeBatches(set: Buffer): Generator<Buffer> {
  let at = 0;
  while (set.length - at >= LENGTH_STARTS) {
    const end = at + Math.max(LENGTH_STARTS + set.readInt32BE(at + 8), LENGTH_STARTS);
    if (end > set.length) return;
    yield set.subarray(at, end);
    if (end < at + HEADER_BYTES) return;
    at = end;
  }
}

function readHeader(batch: Buffer): BatchHeader {
  if (batch.length < HEADER_BYTES) return headerOfTooShort(batch);
  const reader = new ByteReader(batch);
  const baseOffset = reader.int64();
  reader.int32(); // length
  reader.int32(); // leader epoch
  const format = reader.int8();
  reader.int32(); // checksum: TCP and the broker check it
  const attributes = reader.int16();
  const lastOffsetDelta = reader.int32();
  const firstTimestampMs = Number(reader.int64());
  const maxTimestampMs = Number(reader.int64());
  const producerId = reader.int64();
  reader.int16(); // producer epoch
  reader.int32(); // first sequence
  return {
    baseOffset,
    lastOffset: format === FORMAT ? baseOffset + BigInt(lastOffsetDelta) : baseOffset,
    format,
    attributes,
    firstTimestampMs,
    maxTimestampMs,
    producerId,
    count: reader.int32(),
  };
}

function headerOfTooShort(batch: Buffer): BatchHeader {
  const offset = batch.readBigInt64BE(0);
  const format = batch[FORMAT_AT] ?? FORMAT;
  return {
    baseOffset: offset,
    lastOffset: offset,
    format: format === FORMAT ? -1 : format,
    attributes: 0,
    firstTimestampMs: 0,
    maxTimestampMs: 0,
    producerId: -1n,
    count: 0,
  };
}

/** Returns whether a batch has no record for a reader. Must be called once for each batch, in order. */
function createEmptyFilter(
  aborted: readonly AbortedTransaction[],
): (header: BatchHeader, packed: Buffer) => boolean {
  // The broker sorts them by their ends.
  const ahead = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? 1 : -1));
  const open = new Set<bigint>();
  return (header, packed) => {
    if (header.format !== FORMAT) return false;
    for (let next = ahead.at(-1); next !== undefined && next.firstOffset <= header.lastOffset; ) {
      open.add(next.producerId);
      ahead.pop();
      next = ahead.at(-1);
    }
    if ((header.attributes & CONTROL) !== 0) {
      if (header.count > 0 && isAbortMarker(packed)) open.delete(header.producerId);
      return true;
    }
    if (header.count === 0) return true;
    return (header.attributes & TRANSACTIONAL) !== 0 && open.has(header.producerId);
  };
}

/** Control records are never compressed. */
function isAbortMarker(packed: Buffer): boolean {
  const reader = new ByteReader(packed);
  reader.varint(); // length
  reader.int8(); // attributes
  reader.varlong(); // timestamp
  reader.varint(); // offset
  const key = reader.bytes(reader.varint());
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER;
}

async function unpack(header: BatchHeader, packed: Buffer): Promise<Buffer> {
  if (header.format !== FORMAT) throw new RangeError(`message format ${header.format}`);
  if (header.count < 0 || header.count > MAX_BATCH_RECORDS) {
    throw new RangeError(`${header.count} records in one batch, at most ${MAX_BATCH_RECORDS}`);
  }
  return codecOf(header.attributes).decompress(packed, MAX_BATCH_BYTES);
}

async function readRecords(
  header: BatchHeader,
  bytes: Buffer,
): Promise<{ readonly messages: readonly FetchedMessage[]; readonly headers: number }> {
  const reader = new ByteReader(bytes);
  const messages: FetchedMessage[] = [];
  let headers = 0;
  let atOnce = 0;
  while (messages.length < header.count) {
    const record = readRecord(reader, header);
    messages.push(FetchedMessage.of(record));
    headers += record.headers.length;
    if (headers > MAX_BATCH_HEADERS) throw new RangeError(`more than ${MAX_BATCH_HEADERS} headers`);
    atOnce += 1 + record.headers.length;
    if (atOnce < AT_ONCE_COUNT) continue;
    atOnce = 0;
    // eslint-disable-next-line no-await-in-loop -- the event loop gets a turn
    await setImmediate();
  }
  return { messages, headers };
}

/** A placeholder for the last offsets of a batch if compaction removed their records. */
function gapAfter(
  messages: readonly FetchedMessage[],
  { lastOffset }: BatchHeader,
  showPlaceholders: boolean,
): readonly FetchedMessage[] {
  const last = messages.at(-1);
  if (last !== undefined && last.record.offset >= lastOffset) return [];
  return [FetchedMessage.placeholder(lastOffset, showPlaceholders)];
}

function readRecord(reader: ByteReader, header: BatchHeader): ConsumedRecord {
  const length = reader.varint();
  const end = reader.at + length;
  reader.int8(); // attributes: unused
  const timestampDelta = reader.varlong();
  const offset = header.baseOffset + BigInt(reader.varint());
  const key = reader.bytes(reader.varint());
  const value = reader.bytes(reader.varint());
  const headers = readHeaders(reader);
  if (reader.at !== end) throw new RangeError('a record has another length than it says');
  const timestampMs =
    (header.attributes & LOG_APPEND_TIME) === 0
      ? header.firstTimestampMs + timestampDelta
      : header.maxTimestampMs;
  return { offset, timestampMs, key, value, headers };
}

function readHeaders(reader: ByteReader): ConsumedRecord['headers'] {
  const count = reader.varint();
  if (count < 0 || count > MAX_RECORD_HEADERS) {
    throw new RangeError(`${count} headers in one record, at most ${MAX_RECORD_HEADERS}`);
  }
  const headers: (readonly [string, Buffer])[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = reader.text(reader.varint());
    headers.push([name, reader.bytes(reader.varint()) ?? EMPTY]);
  }
  return headers;
}

const EMPTY = Buffer.alloc(0);

function unreadable({ baseOffset, lastOffset }: BatchHeader, error: unknown): FetchedMessage {
  return FetchedMessage.unreadable({
    firstOffset: baseOffset,
    lastOffset: lastOffset > baseOffset ? lastOffset : baseOffset,
    cause: error instanceof Error ? error.message : 'not an error',
  });
}
