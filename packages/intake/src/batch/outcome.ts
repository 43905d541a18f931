import type { Counts } from '../steps/outcome.ts';

/** The outcome of a batch. */
export type BatchOutcome =
  /**
   * Committed: the position is after the batch. `undeclared`: attribute values that no rule can see; `undecided`: applied
   * events whose identity due work is to decide.
   */
  | {
      readonly kind: 'processed';
      readonly counts: Counts;
      readonly undeclared: number;
      readonly undecided: number;
    }
  /** Nothing was written: see `Position`. */
  | { readonly kind: 'done' | 'ahead' | 'stopped' }
  /** Committed: the partition is stopped until an operator accepts the finding. */
  | { readonly kind: 'stop'; readonly code: string; readonly detail: string };

/** Nothing was written: another transaction has locked the position. */
export interface LockedElsewhere {
  readonly kind: 'locked';
}
