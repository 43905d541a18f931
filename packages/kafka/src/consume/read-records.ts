import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { KafkaLog } from '../connection/kafka-log.ts';
import { notAllowed } from '../errors/not-allowed.ts';
import type { ConsumedRecord } from '../protocol/consumed-record.ts';
import type { ConsumedBatch } from './consumed-batch.ts';
import type {
  PartitionReading,
  PartitionToLocate,
  ProcessOutcome,
  UnreadableBatch,
} from './partition-reading.ts';
import { runBatchConsumer } from './run-batch-consumer.ts';

/** Some records of one partition. */
export interface RecordRange {
  readonly topic: string;
  readonly partition: number;
  /** An offset in the log, or its end. */
  readonly from: bigint;
  readonly maxRecords: number;
}

const DEADLINE_MS = 60_000;
const RELOCATE_MS = 1_000;
const SESSION_TIMEOUT_MS = 10_000;
const MAX_BYTES = 1_048_576;

/**
 * Reads committed records in the order of the log, from an offset to `maxRecords` or the end of the log. Joins a new
 * group (`latchkey-operator.<uuid>`) that commits nothing of use.
 *
 * @throws Error when a record cannot be decoded, or reading takes longer than a minute; NotAllowedError if we may not
 *   read; the reason of `giveUp` once that is aborted
 */
export async function readRecords(
  kafka: Kafka,
  range: RecordRange,
  log: KafkaLog,
  giveUp: AbortSignal,
): Promise<readonly ConsumedRecord[]> {
  const reading = new RangeReading(range);
  const late = AbortSignal.timeout(DEADLINE_MS);
  const denied = new AbortController();
  await runBatchConsumer(
    kafka,
    reading,
    {
      groupId: `latchkey-operator.${randomUUID()}`,
      topics: [range.topic],
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      maxBytesPerPartition: MAX_BYTES,
      relocateMs: RELOCATE_MS,
      giveUp,
      onDenied: (needed) => {
        denied.abort(notAllowed(needed));
      },
    },
    log,
    AbortSignal.any([reading.done, late, denied.signal, giveUp]),
  );
  giveUp.throwIfAborted();
  denied.signal.throwIfAborted();
  if (reading.done.aborted) return reading.records;
  throw new Error(`${range.topic}/${range.partition} was not read in time`);
}

class RangeReading implements PartitionReading {
  readonly #range: RecordRange;
  readonly #finished = new AbortController();
  #records: readonly ConsumedRecord[] = [];
  #end = 0n;

  constructor(range: RecordRange) {
    this.#range = range;
  }

  get done(): AbortSignal {
    return this.#finished.signal;
  }

  get records(): readonly ConsumedRecord[] {
    return this.#records;
  }

  locate({ partition, logEnd }: PartitionToLocate): Promise<{ seekTo: bigint } | 'stopped'> {
    const { from } = this.#range;
    if (partition !== this.#range.partition || this.done.aborted) return Promise.resolve('stopped');
    // Reading restarts after each assignment.
    this.#records = [];
    this.#end = logEnd;
    if (from >= logEnd) this.#finished.abort();
    return Promise.resolve(from >= logEnd ? 'stopped' : { seekTo: from });
  }

  process({ nextOffset, records }: ConsumedBatch): Promise<ProcessOutcome> {
    const { from, maxRecords } = this.#range;
    const wanted = records.filter(({ offset }) => offset >= from);
    this.#records = [...this.#records, ...wanted].slice(0, maxRecords);
    const isDone = this.#records.length === maxRecords || nextOffset >= this.#end;
    if (isDone) this.#finished.abort();
    return Promise.resolve(isDone ? 'stopped' : 'processed');
  }

  unreadable({ firstOffset, cause }: UnreadableBatch): Promise<void> {
    const { topic, partition } = this.#range;
    const place = `${topic}/${partition} at offset ${firstOffset}`;
    return Promise.reject(new Error(`the log of ${place} cannot be read: ${cause}`));
  }
}
