import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { packLz4, unpackLz4 } from './lz4.ts';
import { packSnappy, unpackSnappy } from './snappy.ts';

/** One compression codec of Kafka. */
export interface Codec {
  compress(bytes: Buffer): Promise<Buffer>;
  /** @throws RangeError or Error when the result would exceed `maxBytes`, or the bytes are not of this codec */
  decompress(bytes: Buffer, maxBytes: number): Promise<Buffer>;
}

const NONE: Codec = {
  compress: (bytes) => Promise.resolve(bytes),
  decompress: (bytes) => Promise.resolve(bytes),
};
const GZIP: Codec = {
  compress: promisify<Buffer, Buffer>(gzip),
  decompress: (bytes, maxBytes) => promisify(gunzip)(bytes, { maxOutputLength: maxBytes }),
};
const SNAPPY: Codec = {
  compress: (bytes) => Promise.resolve(packSnappy(bytes)),
  decompress: (bytes, maxBytes) => unpackSnappy(bytes, maxBytes),
};
const LZ4: Codec = {
  compress: (bytes) => packLz4(bytes),
  decompress: (bytes, maxBytes) => unpackLz4(bytes, maxBytes),
};
const ZSTD: Codec = {
  compress: promisify<Buffer, Buffer>(zstdCompress),
  decompress: (bytes, maxBytes) => promisify(zstdDecompress)(bytes, { maxOutputLength: maxBytes }),
};
/** By their number in the attributes of a record batch. */
const CODECS = [NONE, GZIP, SNAPPY, LZ4, ZSTD] as const;
const CODEC_BITS = 0x07;

/** @throws RangeError for a codec that Kafka does not have */
export function codecOf(attributes: number): Codec {
  const codec = CODECS[attributes & CODEC_BITS];
  if (codec === undefined) throw new RangeError(`compression ${attributes & CODEC_BITS}`);
  return codec;
}
