/** A deterministic pseudorandom number in [0, 2^32). */
export function hashOf(seed: number, value: number, salt = 0): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(value + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16) ^ salt, 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const ROUNDS = 4;

/**
 * A pseudorandom permutation of the numbers below `count` in constant memory: a Feistel network over the next power of
 * four, iterated until the result is below `count` (cycle walking).
 */
export function permutationOf(count: number, seed: number): (index: number) => number {
  const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(count, 2)) / 2));
  const mask = 2 ** halfBits - 1;
  const once = (value: number): number => {
    let left = Math.floor(value / (mask + 1));
    let right = value & mask;
    for (let round = 0; round < ROUNDS; round += 1) {
      [left, right] = [right, (left ^ hashOf(seed, right, round)) & mask];
    }
    return left * (mask + 1) + right;
  };
  return (index) => {
    let value = once(index);
    while (value >= count) value = once(value);
    return value;
  };
}
