import type { Assignment, HeldPartition } from './assignment.ts';
import type { Hold } from './partition-reading.ts';

/** kafkajs' own: says nothing to the broker if it has just done so; rejects when the group moves on without us. */
export type Heartbeat = () => Promise<void>;

/** What kafkajs rejects with when the partitions are about to be, or were, given to somebody else. */
const GROUP_MOVES_ON = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'];

/** A hold, with what its batch waits for. */
export interface BatchHold extends Hold {
  /** How often its turn has come. */
  readonly turns: number;
  /** Undefined while it waits for no turn. */
  readonly turn: Promise<unknown> | undefined;
}

/** The hold on a partition for as long as one batch of it is in hand. */
export function holdOf(
  assignment: Assignment,
  held: HeldPartition,
  heartbeat: Heartbeat,
): BatchHold {
  let awaited: Promise<unknown> | undefined;
  let turns = 0;
  return {
    get turns() {
      return turns;
    },
    get turn() {
      return awaited;
    },
    untilTurn: async (turn) => {
      awaited = turn;
      await turn;
      awaited = undefined;
      turns += 1;
    },
    keep: async () => {
      if (!assignment.mayWork(held)) return false;
      try {
        await heartbeat();
      } catch (error) {
        // kafkajs' own loop meets the same answer and joins again; anything else is for it to mend.
        if (held.isOurs && groupMovesOn(error)) assignment.end();
      }
      return assignment.mayWork(held);
    },
  };
}

function groupMovesOn(error: unknown): boolean {
  return error instanceof Error && 'type' in error && GROUP_MOVES_ON.includes(String(error.type));
}
