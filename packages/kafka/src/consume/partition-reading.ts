import type { ConsumedBatch } from '../consumed.ts';

/** A partition that this member was just given, with its log as the brokers have it. */
export interface LocatePartition {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that still exists. */
  readonly logStart: bigint;
  /** One past the last record that could be read shortly before this call. */
  readonly logEnd: bigint;
}

/** A partition whose next batch is wanted. */
export interface ReadPlace {
  readonly topic: string;
  readonly partition: number;
  /** Where that batch starts. */
  readonly nextOffset: bigint;
}

/** Records behind everything that was taken, which the log holds and nobody can decode. */
export interface UnreadableBatch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** What decoding it failed with; never what it holds. */
  readonly cause: string;
}

/** A reader's hold on the partition whose batch it takes. */
export interface Hold {
  /**
   * Keeps the membership, and says whether the partition is still ours: false once it was revoked, is about to be,
   * or we are asked to stop. Then give up without writing; whoever has the partition next starts at its position.
   */
  keep(): Promise<boolean>;
  /**
   * Waits for `turn` with the membership kept: the batch is ready, and others come first. Meanwhile its broker is asked
   * for nothing more, so that a backlog does not pile up here. May be called again, for the next part of a batch: it is
   * not taken for slow before a second after its last turn.
   */
  untilTurn(turn: Promise<unknown>): Promise<void>;
}

/**
 * What became of a batch. `taken`: it goes on behind it. `stopped` (must not go on) and `relocate` (may, from wherever
 * `locate` says): the partition is paused, the others go on, and it is located again after `relocateMs`.
 */
export type Taken = 'taken' | 'stopped' | 'relocate';

/** Who reads the partitions, and knows how far each was read. One call at a time for each partition. */
export interface PartitionReading {
  /**
   * Where to start, asked after each assignment. `stopped`: the partition stays paused, and is asked about again
   * after `relocateMs`, for as long as it is ours. If it rejects it is asked again after a second.
   */
  locate(at: LocatePartition): Promise<{ readonly seekTo: bigint } | 'stopped'>;
  /**
   * Takes a batch; resolves when its position is durable. It may take as long as it likes: after a second, in which
   * it did not wait for its turn, the partition is paused and the others go on. A rejection ends the consumer.
   */
  take(batch: ConsumedBatch, hold: Hold): Promise<Taken>;
  /**
   * The partition is paused and located again after `relocateMs`; where it then starts at the same place, this is
   * said again. A rejection ends the consumer.
   */
  unreadable(batch: UnreadableBatch): Promise<void>;
  /**
   * Which of these must not be read on from there, because what was taken before was forgotten meanwhile, or because
   * they must not go on. Asked every few seconds, also beside the other calls; a reader that has gone on since is fine.
   * Those that are still there are paused and located again after `relocateMs`. If it rejects it is asked again next
   * time. A reader that forgets nothing has no need of it.
   */
  misplaced?(
    places: readonly ReadPlace[],
  ): Promise<readonly Pick<ReadPlace, 'topic' | 'partition'>[]>;
}
