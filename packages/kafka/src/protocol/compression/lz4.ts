import { compressFrame, decompressFrame } from 'lz4-napi';

const MAGIC = 0x184d2204;
const HAS_BLOCK_CHECKSUM = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_DICTIONARY = 0x01;
const UNCOMPRESSED = 0x80000000;
/** A length of 15 in its half of the token continues in bytes; the first below 255 is the last. */
const LENGTH_CONTINUES = 15;
const OFFSET_BYTES = 2;
const MIN_MATCH_BYTES = 4;

/** One LZ4 frame of independent blocks, the only kind that Kafka's Java clients read. */
export function packLz4(bytes: Buffer): Promise<Buffer> {
  return compressFrame(bytes);
}

/**
 * Unpacks one LZ4 frame.
 *
 * @throws RangeError, before it unpacks anything, when the blocks contain more than `maxBytes`: the library has no limit
 */
export async function unpackLz4(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const end = findFrameEnd(bytes, maxBytes);
  return decompressFrame(bytes.subarray(0, end));
}

/** Walks the blocks of a frame (LZ4 frame format 1.6) to its end. */
function findFrameEnd(bytes: Buffer, maxBytes: number): number {
  const { blocksAt, trailerBytes } = readDescriptor(bytes);
  let at = blocksAt;
  let unpackedBytes = 0;
  for (let word = bytes.readUInt32LE(at); word !== 0; word = bytes.readUInt32LE(at)) {
    const isRaw = word >= UNCOMPRESSED;
    const packedBytes = isRaw ? word - UNCOMPRESSED : word;
    const from = at + 4;
    const end = from + packedBytes;
    if (end > bytes.length) throw new RangeError('lz4: a block ends early');
    unpackedBytes += isRaw ? packedBytes : countUnpackedBytes(bytes.subarray(from, end));
    if (unpackedBytes > maxBytes) throw new RangeError(`lz4: more than ${maxBytes} bytes`);
    at = end + trailerBytes;
  }
  // The end mark, and an optional checksum of the content, which the library verifies.
  return Math.min(at + 8, bytes.length);
}

/** A block is a list of literals, each followed by a match to copy; the last has no match. */
function countUnpackedBytes(block: Buffer): number {
  let at = 0;
  let unpackedBytes = 0;
  const length = (short: number): number => {
    let sum = short;
    for (let more = short === LENGTH_CONTINUES; more; ) {
      const byte = block.readUInt8(at);
      at += 1;
      sum += byte;
      more = byte === 0xff;
    }
    return sum;
  };
  while (at < block.length) {
    const token = block.readUInt8(at);
    at += 1;
    const literalBytes = length(token >> 4);
    at += literalBytes;
    unpackedBytes += literalBytes;
    if (at >= block.length) break;
    at += OFFSET_BYTES;
    unpackedBytes += length(token & 0x0f) + MIN_MATCH_BYTES;
  }
  return unpackedBytes;
}

interface FrameDescriptor {
  readonly blocksAt: number;
  /** After each block. */
  readonly trailerBytes: number;
}

function readDescriptor(bytes: Buffer): FrameDescriptor {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('lz4: no frame');
  const flags = bytes.readUInt8(4);
  const sizeBytes = (flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8;
  const dictionaryBytes = (flags & HAS_DICTIONARY) === 0 ? 0 : 4;
  return {
    // After magic, flags, block size and the header's checksum.
    blocksAt: 7 + sizeBytes + dictionaryBytes,
    trailerBytes: (flags & HAS_BLOCK_CHECKSUM) === 0 ? 0 : 4,
  };
}
