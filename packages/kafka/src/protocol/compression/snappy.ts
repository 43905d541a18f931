import { compressSync, uncompress } from 'snappy';

/** snappy-java's framing, written by all Kafka clients: this magic, two versions, then blocks with their length. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const VERSIONS = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]);
const HEADER_BYTES = MAGIC.length + VERSIONS.length;
const BLOCK_BYTES = 32 * 1024;
/** 32 MiB in blocks of 2 KiB; all clients write larger blocks. */
const BLOCKS_MAX_COUNT = 16_384;

export function packSnappy(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [MAGIC, VERSIONS];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compressSync(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    blocks.push(length, block);
  }
  return Buffer.concat(blocks);
}

/**
 * Unpacks framed snappy, or a single raw block as written by some old clients, off the main thread.
 *
 * @throws RangeError, before it allocates anything, when the blocks state a content of more than `maxBytes`, or are
 *   too many
 */
export async function unpackSnappy(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const blocks = isFramed(bytes) ? framedBlocks(bytes) : [bytes];
  const sizeBytes = blocks.reduce((sum, block) => sum + unpackedBytes(block), 0);
  if (sizeBytes > maxBytes) throw new RangeError(`snappy: more than ${maxBytes} bytes`);
  const unpacked: Buffer[] = [];
  // eslint-disable-next-line no-await-in-loop -- one at a time: others share the threads
  for (const block of blocks) unpacked.push(await unpackBlock(block));
  return Buffer.concat(unpacked);
}

function isFramed(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

function framedBlocks(bytes: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const from = at + 4;
    const end = from + bytes.readInt32BE(at);
    if (end <= from || end > bytes.length) throw new RangeError('snappy: a block ends early');
    if (blocks.length >= BLOCKS_MAX_COUNT) {
      throw new RangeError(`snappy: more than ${BLOCKS_MAX_COUNT} blocks`);
    }
    blocks.push(bytes.subarray(from, end));
    at = end;
  }
  return blocks;
}

/** A raw block begins with the size of its content, seven bits a byte. */
function unpackedBytes(block: Buffer): number {
  let size = 0;
  for (const [index, byte] of block.subarray(0, 5).entries()) {
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new RangeError('snappy: a block without size');
}

async function unpackBlock(block: Buffer): Promise<Buffer> {
  const bytes = await uncompress(block, { asBuffer: true });
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}
