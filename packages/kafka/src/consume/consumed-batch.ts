import type { ConsumedRecord } from '../protocol/consumed-record.ts';

/** The records of one partition in one fetch, without control records and records of aborted transactions. */
export interface ConsumedBatch {
  readonly topic: string;
  readonly partition: number;
  /** The offset that the fetch started from. `records` has none below it. */
  readonly fetchedOffset: bigint;
  /** The offset of the next fetch: one past the last record, control and aborted records included. */
  readonly nextOffset: bigint;
  /** In order of offset. Empty if only control or aborted records were fetched. */
  readonly records: readonly ConsumedRecord[];
}
