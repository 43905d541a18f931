import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { packLz4, unpackLz4 } from './compression/lz4.ts';
import { packSnappy, unpackSnappy } from './compression/snappy.ts';

// Node does not find these names in the package's CommonJS.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/** One of Kafka's compressions. */
export interface Codec {
  compress(bytes: Buffer): Promise<Buffer>;
  /** @throws RangeError or Error when the result would exceed `maxBytes`, or the bytes are no such compression */
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
/** By the number that a record batch carries. */
const CODECS = [NONE, GZIP, SNAPPY, LZ4, ZSTD] as const;
const CODEC_BITS = 0x07;

/** @throws RangeError for a compression that Kafka does not have */
export function codecOf(attributes: number): Codec {
  const codec = CODECS[attributes & CODEC_BITS];
  if (codec === undefined) throw new RangeError(`compression ${attributes & CODEC_BITS}`);
  return codec;
}

/** Lets kafkajs' producers compress with all of them; what is consumed does not pass here. */
export function registerCodecs(maxBytes: number): void {
  for (const type of [
    CompressionTypes.GZIP,
    CompressionTypes.Snappy,
    CompressionTypes.LZ4,
    CompressionTypes.ZSTD,
  ] as const) {
    const codec = codecOf(type);
    CompressionCodecs[type] = () => ({
      compress: (encoder: { readonly buffer: Buffer }) => codec.compress(encoder.buffer),
      decompress: (bytes: Buffer) => codec.decompress(bytes, maxBytes),
    });
  }
}
