import type { Assignment, LeasedPartition } from './assignment.ts';
import type { PartitionLease } from './partition-reading.ts';

/** kafkajs' heartbeat: sends none if the last one is recent; rejects when the group rebalances or has removed this member. */
export type Heartbeat = () => Promise<void>;

/** kafkajs' errors when the partitions are about to be, or were, assigned again. */
const REBALANCED = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'];

/** A lease that shows what its batch waits for. */
export interface BatchLease extends PartitionLease {
  /** How many turns it has waited for. */
  readonly turns: number;
  /** The turn that it is waiting for, if any. */
  readonly turn: Promise<unknown> | undefined;
}

/** Creates the lease on a partition for one of its batches. */
export function createLease(
  assignment: Assignment,
  leased: LeasedPartition,
  heartbeat: Heartbeat,
): BatchLease {
  let awaited: Promise<unknown> | undefined;
  let turns = 0;
  return {
    get turns() {
      return turns;
    },
    get turn() {
      return awaited;
    },
    waitForTurn: async (turn) => {
      awaited = turn;
      await turn;
      awaited = undefined;
      turns += 1;
    },
    renew: async () => {
      if (!assignment.isActive(leased)) return false;
      try {
        await heartbeat();
      } catch (error) {
        // kafkajs' own loop gets the same reply and rejoins; it handles every other error.
        if (leased.isLeased && isRebalance(error)) assignment.end();
      }
      return assignment.isActive(leased);
    },
  };
}

function isRebalance(error: unknown): boolean {
  return error instanceof Error && 'type' in error && REBALANCED.includes(String(error.type));
}
