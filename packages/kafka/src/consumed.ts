/** One record as it came; nothing of it was interpreted. */
export interface ConsumedRecord {
  readonly offset: bigint;
  /**
   * Epoch milliseconds: the broker's stamp on a topic with LogAppendTime, else whatever 64-bit number the producer
   * wrote, which may be negative or thousands of years ahead (exact up to 2^53, rounded beyond).
   */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order, repetitions kept, names decoded as UTF-8; a header without a value has an empty one. */
  readonly headers: readonly (readonly [string, Buffer])[];
}

/** What one fetch brought of one partition, without control records and records of aborted transactions. */
export interface ConsumedBatch {
  readonly topic: string;
  readonly partition: number;
  /** The offset that was asked for. Records before it are not among `records`. */
  readonly fetchedOffset: bigint;
  /** Where reading goes on: one past the last record, control and aborted records included. */
  readonly nextOffset: bigint;
  /** In order of offset. Empty if only control or aborted records were fetched. */
  readonly records: readonly ConsumedRecord[];
}
