import kafkajs from 'kafkajs';
import { codecOf } from '../protocol/compression/codecs.ts';
import { MAX_BATCH_BYTES } from '../protocol/record-set.ts';

// Node does not find these names in the package's CommonJS.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/** kafkajs' producers then compress with all of Kafka's codecs. Consumers do not use these: see `replaceDecoder`. */
export function registerCodecs(): void {
  for (const type of [
    CompressionTypes.GZIP,
    CompressionTypes.Snappy,
    CompressionTypes.LZ4,
    CompressionTypes.ZSTD,
  ] as const) {
    const codec = codecOf(type);
    CompressionCodecs[type] = () => ({
      compress: (encoder: { readonly buffer: Buffer }) => codec.compress(encoder.buffer),
      decompress: (bytes: Buffer) => codec.decompress(bytes, MAX_BATCH_BYTES),
    });
  }
}
