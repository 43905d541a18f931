import type {
  ConsumedBatch,
  ConsumedRecord,
  Hold,
  LocatePartition,
  PartitionReading,
  Taken,
  UnreadableBatch,
} from '@latchkey/kafka';

/** A reader that keeps what it took and its positions in memory, where several members can share them. */
export class RecordingReading implements PartitionReading {
  /** What was taken, in order; deliveries below the position are skipped, as intake does. */
  readonly records: (ConsumedRecord & { readonly partition: number })[] = [];
  readonly batches: ConsumedBatch[] = [];
  readonly located: LocatePartition[] = [];
  readonly unreadables: UnreadableBatch[] = [];
  /** By partition: the next offset to take. */
  readonly positions: Map<number, bigint>;
  /** Partitions that `locate` answers with `stopped`. */
  readonly stopped = new Set<number>();
  /** Is asked before each batch is taken. */
  before: (batch: ConsumedBatch, hold: Hold) => Promise<Taken> = () => Promise.resolve('taken');

  constructor(positions = new Map<number, bigint>()) {
    this.positions = positions;
  }

  locate(at: LocatePartition): Promise<{ readonly seekTo: bigint } | 'stopped'> {
    this.located.push(at);
    const position = this.positions.get(at.partition) ?? at.logStart;
    const isLost = at.logStart > position || at.logEnd < position;
    if (isLost || this.stopped.has(at.partition)) return Promise.resolve('stopped');
    this.positions.set(at.partition, position);
    return Promise.resolve({ seekTo: position });
  }

  async take(batch: ConsumedBatch, hold: Hold): Promise<Taken> {
    const taken = await this.before(batch, hold);
    if (taken !== 'taken') return taken;
    const { partition, fetchedOffset, nextOffset, records } = batch;
    const position = this.positions.get(partition) ?? 0n;
    if (fetchedOffset > position) return 'relocate';
    for (const record of records) {
      if (record.offset >= position) this.records.push({ ...record, partition });
    }
    this.batches.push(batch);
    if (nextOffset > position) this.positions.set(partition, nextOffset);
    return 'taken';
  }

  unreadable(batch: UnreadableBatch): Promise<void> {
    this.unreadables.push(batch);
    return Promise.resolve();
  }

  values(): string[] {
    return this.records.map(({ value }) => String(value));
  }
}
