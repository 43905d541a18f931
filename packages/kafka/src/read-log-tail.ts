import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { PartitionReading, UnreadableBatch } from './consume/partition-reading.ts';
import { runBatchConsumer } from './consume/run-batch-consumer.ts';
import type { ConsumedBatch, ConsumedRecord } from './consumed.ts';
import type { KafkaLog } from './kafka-log.ts';
import { NotAllowedError } from './not-allowed.ts';
import type { LogOffsets } from './topics.ts';

/** Which end of which logs is wanted, and what of each record. */
export interface LogTail<T> {
  /** The logs of the partitions that are wanted, as they are to be read. */
  readonly logs: ReadonlyMap<number, LogOffsets>;
  readonly read: (partition: number, record: ConsumedRecord) => T;
  /** Whether these, the last of a partition, are enough. */
  readonly isEnough: (partition: number, records: readonly T[]) => boolean;
}

const FIRST_WINDOW_OFFSETS = 500n;
/** Each look reaches back so many times as far as the one before. */
const WINDOW_GROWTH = 4n;
/** Offsets: as many records at most. */
const MAX_WINDOW_OFFSETS = 1_000_000n;
const DEADLINE_MS = 10 * 60_000;
const RELOCATE_MS = 50;
const SESSION_TIMEOUT_MS = 10_000;
const MAX_BYTES_A_PARTITION = 1_048_576;
const NEVER = new AbortController().signal;

/**
 * Reads the ends of logs, backwards in growing windows, until they are enough or a log has no more.
 * Committed records only, in the order of each log, by partition. Joins a group of its own
 * (`latchkey-operator.<uuid>`), which holds nothing.
 *
 * @throws LogTailTooLongError where the last 1,000,000 offsets of a partition are not enough; Error when it takes longer
 *   than 10 minutes; NotAllowedError where we may not read; the reason of `giveUp` once that is aborted
 */
export async function readLogTail<T>(
  kafka: Kafka,
  topic: string,
  wanted: LogTail<T>,
  log: KafkaLog,
  giveUp?: AbortSignal,
): Promise<ReadonlyMap<number, readonly T[]>> {
  const reading = new TailReading(wanted);
  if (!reading.isDone()) await readThrough(kafka, topic, reading, log, giveUp);
  if (!reading.isDone()) throw new Error(`the end of ${topic} was not read in time`);
  return reading.tails();
}

async function readThrough<T>(
  kafka: Kafka,
  topic: string,
  reading: TailReading<T>,
  log: KafkaLog,
  giveUp: AbortSignal = NEVER,
): Promise<void> {
  const late = AbortSignal.timeout(DEADLINE_MS);
  const denied = new AbortController();
  await runBatchConsumer(
    kafka,
    reading,
    {
      groupId: `latchkey-operator.${randomUUID()}`,
      topics: [topic],
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      maxBytesPerPartition: MAX_BYTES_A_PARTITION,
      relocateMs: RELOCATE_MS,
      giveUp,
      onDenied: (needed) => {
        denied.abort(new NotAllowedError(`the brokers do not allow it: needed is ${needed}`));
      },
    },
    log,
    AbortSignal.any([reading.done, late, denied.signal, giveUp]),
  );
  giveUp.throwIfAborted();
  denied.signal.throwIfAborted();
}

interface Tail<T> {
  readonly log: LogOffsets;
  window: bigint;
  from: bigint;
  records: T[];
  isDone: boolean;
}

/** What was asked for lies further back in a log than is read. */
export class LogTailTooLongError extends Error {
  override readonly name = 'LogTailTooLongError';

  constructor(partition: number, maxOffsets: bigint) {
    super(`partition ${partition}: the last ${maxOffsets} offsets are not enough`);
  }
}

/** Collects the ends of logs from the batches that a consumer hands to it. */
export class TailReading<T> implements PartitionReading {
  readonly #wanted: LogTail<T>;
  readonly #maxWindow: bigint;
  readonly #tails: Map<number, Tail<T>>;
  readonly #finished = new AbortController();

  constructor(wanted: LogTail<T>, maxWindowOffsets = MAX_WINDOW_OFFSETS) {
    this.#wanted = wanted;
    this.#maxWindow = maxWindowOffsets;
    this.#tails = new Map([...wanted.logs].map(([partition, log]) => [partition, newTail(log)]));
  }

  get done(): AbortSignal {
    return this.#finished.signal;
  }

  isDone(): boolean {
    return [...this.#tails.values()].every((tail) => tail.isDone);
  }

  tails(): ReadonlyMap<number, readonly T[]> {
    return new Map([...this.#tails].map(([partition, { records }]) => [partition, records]));
  }

  locate({ partition }: { readonly partition: number }): Promise<{ seekTo: bigint } | 'stopped'> {
    const tail = this.#tails.get(partition);
    if (tail === undefined || tail.isDone) return Promise.resolve('stopped');
    tail.records = [];
    return Promise.resolve({ seekTo: tail.from });
  }

  take(batch: ConsumedBatch): Promise<'taken' | 'stopped' | 'relocate'> {
    const tail = this.#tails.get(batch.partition);
    if (tail === undefined || tail.isDone) return Promise.resolve('stopped');
    for (const record of batch.records) {
      if (record.offset < tail.from || record.offset >= tail.log.end) continue;
      tail.records.push(this.#wanted.read(batch.partition, record));
    }
    if (batch.nextOffset < tail.log.end) return Promise.resolve('taken');
    return Promise.try(() => this.#atEnd(batch.partition, tail));
  }

  /** What is missing cannot be told: whoever asked must not go on. */
  unreadable({ topic, partition, firstOffset, cause }: UnreadableBatch): Promise<void> {
    const place = `${topic}/${partition} at offset ${firstOffset}`;
    return Promise.reject(new Error(`the log of ${place} cannot be read: ${cause}`));
  }

  #atEnd(partition: number, tail: Tail<T>): 'stopped' | 'relocate' {
    if (tail.from > tail.log.start && !this.#wanted.isEnough(partition, tail.records)) {
      if (tail.window >= this.#maxWindow) throw new LogTailTooLongError(partition, this.#maxWindow);
      const grown = tail.window * WINDOW_GROWTH;
      tail.window = grown < this.#maxWindow ? grown : this.#maxWindow;
      tail.from = startOf(tail.log, tail.window);
      return 'relocate';
    }
    tail.isDone = true;
    if (this.isDone()) this.#finished.abort();
    return 'stopped';
  }
}

function newTail<T>(log: LogOffsets): Tail<T> {
  const window = FIRST_WINDOW_OFFSETS;
  return { log, window, from: startOf(log, window), records: [], isDone: log.start >= log.end };
}

function startOf({ start, end }: LogOffsets, window: bigint): bigint {
  return end - window > start ? end - window : start;
}
