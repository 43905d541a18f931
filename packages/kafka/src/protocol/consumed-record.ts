/** One record as fetched, not interpreted. */
export interface ConsumedRecord {
  readonly offset: bigint;
  /**
   * Epoch milliseconds: the broker's time on a topic with LogAppendTime, else any 64-bit number that the producer wrote.
   * It may be negative or thousands of years ahead (exact up to 2^53, rounded beyond).
   */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order, with repeated names, decoded as UTF-8. A header without a value has an empty one. */
  readonly headers: readonly (readonly [string, Buffer])[];
}
