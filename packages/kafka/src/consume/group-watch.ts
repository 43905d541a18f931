import type { LeasedPartition } from './assignment.ts';

/**
 * The current state of an assigned partition, updated in place. `nextOffset` is below 0 until the partition is located
 * in this assignment.
 */
export type AssignedPartition = Readonly<
  Pick<LeasedPartition, 'topic' | 'partition' | 'status' | 'nextOffset'>
>;

/** Receives the events of a group member. Its methods must not throw. */
export interface GroupWatch {
  /** The member has joined with these partitions. Those of the previous assignment are lost. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /**
   * All partitions are lost. Nothing is read until the next assignment.
   *
   * @param reason - for an operator; without secrets
   */
  lost(reason: string): void;
  /** A fetch has succeeded: several times a second unless something blocks fetching. */
  fetched(): void;
}
