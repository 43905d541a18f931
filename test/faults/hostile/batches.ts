/** Encodes raw record batches (message format 2), valid or invalid in any field. */

/** Fields of a batch header; a missing one is derived from the records. */
export interface BatchFields {
  readonly baseOffset: bigint;
  readonly attributes?: number;
  readonly lastOffsetDelta?: number;
  readonly count?: number;
  readonly format?: number;
  /** Bytes after the length field; written unchanged, also when negative. */
  readonly length?: number;
  readonly producerId?: bigint;
}

export interface RecordFields {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: readonly (readonly [Buffer, Buffer | null])[];
  readonly headerCount?: number;
}

const HEADER_BYTES = 61;
const LENGTH_STARTS = 12;

/** A batch whose payload is `packed`: records, compressed or not, or any bytes. */
export function batch(fields: BatchFields, packed: Buffer, records: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigInt64BE(fields.baseOffset, 0);
  header.writeInt32BE(fields.length ?? HEADER_BYTES - LENGTH_STARTS + packed.length, 8);
  header.writeInt8(fields.format ?? 2, 16);
  header.writeInt16BE(fields.attributes ?? 0, 21);
  header.writeInt32BE(fields.lastOffsetDelta ?? Math.max(records - 1, 0), 23);
  header.writeBigInt64BE(fields.producerId ?? -1n, 43);
  header.writeInt32BE(fields.count ?? records, 57);
  return Buffer.concat([header, packed]);
}

export function record(delta: number, fields: RecordFields = {}): Buffer {
  const { key = null, value = Buffer.from('v'), headers = [] } = fields;
  const body = Buffer.concat([
    Buffer.of(0),
    varint(delta),
    varint(delta),
    sized(key),
    sized(value),
    varint(fields.headerCount ?? headers.length),
    ...headers.flatMap(([name, text]) => [sized(name), sized(text)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** A record with so many headers without name and value. */
export function recordOfHeaders(count: number): Buffer {
  const start = Buffer.concat([Buffer.of(0, 0, 0), sized(null), sized(null), varint(count)]);
  const body = Buffer.concat([start, Buffer.alloc(2 * count)]);
  return Buffer.concat([varint(body.length), body]);
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
