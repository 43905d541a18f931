const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/**
 * The partition of a key among `count`, as the Java client and kafkajs choose it: murmur2 of the UTF-8
 * bytes, sign bit cleared, modulo `count`. So our topics are partitioned like everybody's of the same count.
 *
 * @throws RangeError when `count` is not a positive integer
 */
export function partitionOf(key: string, count: number): number {
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError('count must be 1 or more');
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % count;
}

function murmur2(bytes: Buffer): number {
  const wholeWords = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < wholeWords; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word ^ (word >>> 24), MULTIPLIER);
  }
  const rest = bytes.length - wholeWords;
  if (rest > 0) hash = Math.imul(hash ^ bytes.readUIntLE(wholeWords, rest), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
