import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { codecOf } from '../../../packages/kafka/src/protocol/compression/codecs.ts';
import { batch, record, recordOfHeaders } from './batches.ts';

/** A small batch that decompresses to a large one. */
export type Bomb = readonly [what: string, set: Buffer];

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;
const MIB = 1024 * 1024;
const LZ4_MAGIC = Buffer.from([0x04, 0x22, 0x4d, 0x18]);
const LZ4_END = Buffer.alloc(4);

export async function makeBombs(): Promise<readonly Bomb[]> {
  const packed = async (codec: number, bytes: number): Promise<Buffer> =>
    codecOf(codec).compress(Buffer.alloc(bytes));
  const pack = promisify<Buffer, Buffer>(zstdCompress);
  const headers = recordOfHeaders(15_000_000);
  const records = Buffer.concat(Array.from({ length: 100_000 }, (_, delta) => record(delta)));
  const largest = await pack(record(0, { value: Buffer.alloc(31 * MIB) }));
  return [
    ['1 GiB in zstd', of(ZSTD, await packed(ZSTD, 1024 * MIB))],
    ['64 MiB in gzip', of(GZIP, await packed(GZIP, 64 * MIB))],
    ['many concatenated gzip members', of(GZIP, await gzips(64))],
    ['64 MiB in snappy', of(SNAPPY, await packed(SNAPPY, 64 * MIB))],
    [
      '4 GiB announced by a block of snappy',
      of(SNAPPY, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])),
    ],
    ['200,000 blocks of snappy', of(SNAPPY, snappyBlocks(200_000))],
    ['16,000 blocks of snappy', of(SNAPPY, snappyBlocks(16_000))],
    ['64 MiB in lz4', of(LZ4, await packed(LZ4, 64 * MIB))],
    ...lz4Sizes().map((frame): Bomb => ['2^60 bytes announced by a frame of lz4', of(LZ4, frame)]),
    ['a record of 15 million headers', of(ZSTD, await pack(headers))],
    ['1,000 records of 15,000 headers', of(ZSTD, await pack(many(1_000, 15_000)), 1_000)],
    ['100,000 records', of(ZSTD, await pack(records), 100_000)],
    ['100,000 records announced as one', of(ZSTD, await pack(records), 1)],
    ['2 billion records', batch({ baseOffset: 0n, count: 2_000_000_000 }, record(0), 1)],
    ['a record of 31 MiB, which is allowed', of(ZSTD, largest)],
    ['eight records of 31 MiB', Buffer.concat(Array.from({ length: 8 }, () => of(ZSTD, largest)))],
  ];
}

function of(codec: number, packed: Buffer, records = 1): Buffer {
  return batch({ baseOffset: 0n, attributes: codec }, packed, records);
}

function many(records: number, headers: number): Buffer {
  const one = recordOfHeaders(headers);
  return Buffer.concat(Array.from({ length: records }, () => one));
}

async function gzips(count: number): Promise<Buffer> {
  const one = await promisify<Buffer, Buffer>(gzip)(Buffer.alloc(MIB));
  return Buffer.concat(Array.from({ length: count }, () => one));
}

function snappyBlocks(count: number): Buffer {
  const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const block = Buffer.from([0, 0, 0, 3, 1, 0, 0x78]);
  return Buffer.concat([magic, ...Array.from({ length: count }, () => block)]);
}

/** Frames that announce 2^60 bytes; one of them has the right header checksum. */
function lz4Sizes(): readonly Buffer[] {
  return Array.from({ length: 256 }, (_, checksum) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(2n ** 60n);
    const header = Buffer.from([0x68, 0x40]);
    const block = Buffer.from([2, 0, 0, 0x80, 0x61, 0x62]);
    return Buffer.concat([LZ4_MAGIC, header, size, Buffer.of(checksum), block, LZ4_END]);
  });
}
