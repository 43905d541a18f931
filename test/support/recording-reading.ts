import type {
  ConsumedBatch,
  ConsumedRecord,
  PartitionLease,
  PartitionReading,
  PartitionToLocate,
  ProcessOutcome,
  UnreadableBatch,
} from '@latchkey/kafka';

/** A reader that keeps its records and positions in memory, where several members can share them. */
export class RecordingReading implements PartitionReading {
  /** The processed records, in order; deliveries below the position are skipped, as intake does. */
  readonly records: (ConsumedRecord & { readonly partition: number })[] = [];
  readonly batches: ConsumedBatch[] = [];
  readonly located: PartitionToLocate[] = [];
  readonly unreadables: UnreadableBatch[] = [];
  /** By partition: the next offset to process. */
  readonly positions: Map<number, bigint>;
  /** Partitions that `locate` answers with `stopped`. */
  readonly stopped = new Set<number>();
  /** Called before each batch is processed. Another outcome than `processed` is returned as it is. */
  before: (batch: ConsumedBatch, lease: PartitionLease) => Promise<ProcessOutcome> = () =>
    Promise.resolve('processed');

  constructor(positions = new Map<number, bigint>()) {
    this.positions = positions;
  }

  locate(at: PartitionToLocate): Promise<{ readonly seekTo: bigint } | 'stopped'> {
    this.located.push(at);
    const position = this.positions.get(at.partition) ?? at.logStart;
    const isLost = at.logStart > position || at.logEnd < position;
    if (isLost || this.stopped.has(at.partition)) return Promise.resolve('stopped');
    this.positions.set(at.partition, position);
    return Promise.resolve({ seekTo: position });
  }

  async process(batch: ConsumedBatch, lease: PartitionLease): Promise<ProcessOutcome> {
    const outcome = await this.before(batch, lease);
    if (outcome !== 'processed') return outcome;
    const { partition, fetchedOffset, nextOffset, records } = batch;
    const position = this.positions.get(partition) ?? 0n;
    if (fetchedOffset > position) return 'relocate';
    for (const record of records) {
      if (record.offset >= position) this.records.push({ ...record, partition });
    }
    this.batches.push(batch);
    if (nextOffset > position) this.positions.set(partition, nextOffset);
    return 'processed';
  }

  unreadable(batch: UnreadableBatch): Promise<void> {
    this.unreadables.push(batch);
    return Promise.resolve();
  }

  values(): string[] {
    return this.records.map(({ value }) => String(value));
  }
}
