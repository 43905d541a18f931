import type { PartitionLease } from '@latchkey/kafka';

/** A lease on a partition that lasts, or that was lost already. */
export function partitionLease(isLeased = true): PartitionLease {
  return {
    renew: () => Promise.resolve(isLeased),
    waitForTurn: async (turn) => {
      await turn;
    },
  };
}
