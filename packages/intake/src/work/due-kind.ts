import type { FreshWork, LeasedWork, Tx, WorkKind } from '@latchkey/postgres';
import type { Deciding } from '../steps/deciding.ts';

/** How items of one kind that are due are found, decided and set aside. */
export interface DueKind {
  readonly kind: WorkKind;
  /** Of the review of an item that could not be decided. */
  readonly reviewKind: 'clock_failed' | 'sweep_failed';
  /** Leases items that are due and that no process tries or has tried, the longest due first. */
  readonly leaseFresh: (tx: Tx, fresh: FreshWork) => Promise<readonly LeasedWork[]>;
  /**
   * Locks these items in the order of their ids and decides those that are still due, with `resolved` reviews.
   *
   * @throws DecideFailedError where a decision threw
   */
  readonly decide: (tx: Tx, decision: Decision, deciding: Deciding) => Promise<void>;
  /** Locks an item; false where it is not due any more. */
  readonly lock: (tx: Tx, itemId: string) => Promise<boolean>;
  /** Marks an item that was locked as handed over to due work, where its kind has such a mark. */
  readonly park?: (tx: Tx, itemId: string) => void;
}

/** What one transaction decides. */
export interface Decision {
  readonly itemIds: readonly string[];
  /** Ids of reviews that say why an item could not be decided before. */
  readonly resolved: readonly string[];
}

/** How much a round takes, and for how long. */
export interface RoundLimits {
  /** Fresh items in one round. */
  readonly maxItems: number;
  /** Facts of fresh identities that one transaction reads; one identity is taken even if it has more. */
  readonly maxFactBytes: number;
  /** A process that has not finished by then counts as dead. */
  readonly leaseMs: number;
}

export const ROUND_LIMITS: RoundLimits = {
  maxItems: 200,
  maxFactBytes: 8 * 1024 * 1024,
  // Longer than the longest transaction, and than a pause of the process.
  leaseMs: 120_000,
};
