/** Bytes for each step. Each has its own table. */
const SLICES = 8;
const POLYNOMIAL = 0x82f63b78;
/** `TABLES[slice * 256 + byte]`: the contribution of a byte with `slice` bytes after it. */
const TABLES = createTables();
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * The checksum of Kafka's record batches (Castagnoli), eight bytes a step: three times as fast as in kafkajs, with
 * one byte a step. Node has only the other CRC-32.
 *
 * @param before - the checksum of the bytes in front of these
 */
export function crc32c(bytes: Buffer, before = 0): number {
  const aligned = IS_LITTLE_ENDIAN ? (4 - (bytes.byteOffset & 3)) & 3 : bytes.length;
  const start = Math.min(aligned, bytes.length);
  const words = ((bytes.length - start) >>> 3) << 1;
  let crc = bytewise(bytes, 0, start, ~before);
  if (words > 0) {
    crc = wordwise(new Int32Array(bytes.buffer, bytes.byteOffset + start, words), crc);
  }
  return ~bytewise(bytes, start + words * 4, bytes.length, crc) >>> 0;
}

function bytewise(bytes: Buffer, from: number, to: number, before: number): number {
  let crc = before;
  for (let at = from; at < to; at += 1) {
    crc = at8(0, crc ^ (bytes[at] ?? 0)) ^ (crc >>> 8);
  }
  return crc;
}

/** An even number of words of four bytes, the lowest first. */
function wordwise(words: Int32Array, before: number): number {
  let crc = before;
  for (let at = 0; at < words.length; at += 2) {
    const low = (words[at] ?? 0) ^ crc;
    const high = words[at + 1] ?? 0;
    crc =
      at8(7, low) ^
      at8(6, low >>> 8) ^
      at8(5, low >>> 16) ^
      at8(4, low >>> 24) ^
      at8(3, high) ^
      at8(2, high >>> 8) ^
      at8(1, high >>> 16) ^
      at8(0, high >>> 24);
  }
  return crc;
}

function at8(slice: number, byte: number): number {
  return TABLES[(slice << 8) | (byte & 0xff)] ?? 0;
}

function createTables(): Int32Array {
  const all = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0);
    all[byte] = crc;
  }
  for (let at = 256; at < all.length; at += 1) {
    const shorter = all[at - 256] ?? 0;
    all[at] = (all[shorter & 0xff] ?? 0) ^ (shorter >>> 8);
  }
  return all;
}
