/** Generations of one epoch: an epoch begins at its number times 2^40. */
const GENERATIONS_BITS = 40n;
const WITHIN_EPOCH = (1n << GENERATIONS_BITS) - 1n;

/** Generations stay below 2^53, where a JSON number is still exact. */
export const MAX_EPOCH = 2 ** 13 - 1;

/** The first generation of an epoch, which no message has: all that follow are above it. */
export function epochStart(epoch: number): bigint {
  return BigInt(epoch) << GENERATIONS_BITS;
}

/** The epoch in which a generation was counted. */
export function epochOf(generation: bigint): number {
  return Number(generation >> GENERATIONS_BITS);
}

/**
 * The generation of the next message of an object: one above the last, and where the epoch was raised
 * since, above everything that was ever published in an earlier one. Within the epoch it counts on by one.
 */
export function nextGeneration(last: bigint, epoch: number): bigint {
  const start = epochStart(epoch);
  return last >= start ? last + 1n : start + (last & WITHIN_EPOCH) + 1n;
}
