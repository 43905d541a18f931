import type { ConsumedBatch } from './consumed-batch.ts';

/** A newly assigned partition with the offsets of its log. */
export interface PartitionToLocate {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that still exists. */
  readonly logStart: bigint;
  /** One past the last record that was readable shortly before this call. */
  readonly logEnd: bigint;
}

/** A partition and the offset of its next batch. */
export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}

/** Records, after all processed ones, that the log contains and that cannot be decoded. */
export interface UnreadableBatch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** The decoder's error; never content of the records. */
  readonly cause: string;
}

/** The lease on the partition of a batch that is being processed. */
export interface PartitionLease {
  /**
   * Keeps the membership, and returns whether the partition is still leased: false once it was revoked, a rebalance was
   * announced or the consumer is stopping. Then the reader must give up without writing; the next reader of the
   * partition starts at its position.
   */
  renew(): Promise<boolean>;
  /**
   * Waits for `turn` and keeps the membership: the batch is ready, but others come first. Meanwhile nothing more is
   * fetched from its broker, so that no backlog grows in memory. May be called again for the next part of the batch. A
   * batch counts as slow one second after its last turn.
   */
  waitForTurn(turn: Promise<unknown>): Promise<void>;
}

/**
 * The outcome of a batch. `processed`: reading continues after it. `stopped` (must not continue) and `relocate` (may
 * continue, from where `locate` says): the partition is paused and located again after `relocateMs`.
 */
export type ProcessOutcome = 'processed' | 'stopped' | 'relocate';

/** Reads partitions and knows the position of each. Called once at a time for each partition. */
export interface PartitionReading {
  /**
   * Returns where to start; called after each assignment. `stopped`: the partition stays paused, and is located again
   * after `relocateMs`. A rejection is retried after a second.
   */
  locate(at: PartitionToLocate): Promise<{ readonly seekTo: bigint } | 'stopped'>;
  /**
   * Processes a batch, and resolves when its position is durable. It may take any time: after a second without waiting
   * for a turn, the partition is paused and the others continue. A rejection ends the consumer.
   */
  process(batch: ConsumedBatch, lease: PartitionLease): Promise<ProcessOutcome>;
  /**
   * Reports a batch that cannot be decoded. The partition is paused and located again after `relocateMs`; if it then
   * starts at the same offset, this is called again. A rejection ends the consumer.
   */
  unreadable(batch: UnreadableBatch): Promise<void>;
  /**
   * Returns the partitions that must not be read from these offsets: their position went back, or they must stop. A
   * position that is ahead is fine. Called every few seconds, also during the other calls. The returned partitions are
   * paused and located again after `relocateMs`. A rejection is ignored until the next call. A reader whose positions
   * never go back needs no such method.
   */
  misplaced?(
    positions: readonly ReadPosition[],
  ): Promise<readonly Pick<ReadPosition, 'topic' | 'partition'>[]>;
}
