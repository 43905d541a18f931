import type { HeldPartition } from './assignment.ts';

/**
 * A partition while this member has it, as it is at the moment. `nextOffset` is below 0 until it is located in this
 * assignment.
 */
export type ReadPartition = Readonly<
  Pick<HeldPartition, 'topic' | 'partition' | 'status' | 'nextOffset'>
>;

/** Is told what becomes of a member of a group. Nothing that it does may throw. */
export interface GroupWatch {
  /** We are in the group with these partitions. Those of the assignment before are lost, and given anew where they are among these. */
  assigned(partitions: readonly ReadPartition[]): void;
  /**
   * All partitions are lost, and nothing is read until the next assignment.
   *
   * @param why - for an operator; without secrets
   */
  away(why: string): void;
  /** A round of fetching has ended well: told several times a second while nothing holds it up. */
  fetched(): void;
}
