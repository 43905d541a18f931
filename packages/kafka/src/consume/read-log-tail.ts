import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { KafkaLog } from '../connection/kafka-log.ts';
import { notAllowed } from '../errors/not-allowed.ts';
import type { ConsumedRecord } from '../protocol/consumed-record.ts';
import type { LogOffsets } from '../topics/read-offsets.ts';
import type { ConsumedBatch } from './consumed-batch.ts';
import type {
  PartitionLease,
  PartitionReading,
  PartitionToLocate,
  ProcessOutcome,
  UnreadableBatch,
} from './partition-reading.ts';
import { runBatchConsumer } from './run-batch-consumer.ts';

/** Which ends of logs to read, and what to do with their records. */
export interface LogTail {
  /** The logs to read, by partition. Each is read to its `end`. */
  readonly logs: ReadonlyMap<number, LogOffsets>;
  /** Whether the records from this one on are enough; if not, reading starts further back. */
  readonly isEnough: (partition: number, first: ConsumedRecord) => boolean;
  /**
   * Processes the next records of a partition, at most those of one fetch. One call at a time for each partition. A
   * rejection ends the reading.
   */
  readonly process: (partition: number, records: readonly ConsumedRecord[]) => Promise<void>;
  /** Waited for before each call of `process`; meanwhile nothing more is fetched. */
  readonly turn?: () => Promise<unknown>;
}

const FIRST_WINDOW_OFFSETS = 500n;
/** Each window is so many times as large as the one before. Its first record shows whether it is enough. */
const WINDOW_GROWTH = 2n;
/** Without a fetch, while nothing is being processed. */
const SILENCE_LIMIT_MS = 10 * 60_000;
/** Also the pause between two windows. */
const RELOCATE_MS = 200;
const SESSION_TIMEOUT_MS = 10_000;
const MAX_BYTES_A_PARTITION = 1_048_576;
const NEVER = new AbortController().signal;

/**
 * Reads the ends of logs, from where `isEnough` returns true or the log starts, and stores nothing. Committed records
 * only, each once and in the order of its log. Joins a new group (`latchkey-operator.<uuid>`).
 *
 * @returns the partitions whose retention deleted wanted records since `logs` was read
 * @throws Error when the brokers send nothing for 10 minutes; NotAllowedError if we may not read; the error of `process`;
 *   the reason of `giveUp` once that is aborted
 */
export async function readLogTail(
  kafka: Kafka,
  topic: string,
  wanted: LogTail,
  log: KafkaLog,
  giveUp?: AbortSignal,
): Promise<ReadonlySet<number>> {
  const reading = new TailReading(wanted);
  if (!reading.isDone()) await readThrough(kafka, topic, reading, log, giveUp);
  if (!reading.isDone()) throw new Error(`the end of ${topic} was not read in time`);
  return reading.trimmed;
}

async function readThrough(
  kafka: Kafka,
  topic: string,
  reading: TailReading,
  log: KafkaLog,
  giveUp: AbortSignal = NEVER,
): Promise<void> {
  const late = new AbortController();
  const listen = (): NodeJS.Timeout =>
    setTimeout(() => {
      late.abort();
    }, SILENCE_LIMIT_MS);
  let silence = listen();
  // Processing has its own time limits.
  reading.onProcessing = (running) => {
    clearTimeout(silence);
    if (running === 0) silence = listen();
  };
  const denied = new AbortController();
  try {
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
          denied.abort(notAllowed(needed));
        },
      },
      log,
      AbortSignal.any([reading.done, late.signal, denied.signal, giveUp]),
    );
  } finally {
    reading.onProcessing = () => undefined;
    clearTimeout(silence);
  }
  giveUp.throwIfAborted();
  denied.signal.throwIfAborted();
}

interface Tail {
  log: LogOffsets;
  window: bigint;
  /** The next offset to read. */
  next: bigint;
  /** Reading started far enough back. */
  isEnough: boolean;
  /** The retention has deleted records since `logs` was read. */
  isTrimmed: boolean;
  isDone: boolean;
}

/** The reading of a consumer that passes on the ends of logs. */
export class TailReading implements PartitionReading {
  readonly #wanted: LogTail;
  readonly #tails: ReadonlyMap<number, Tail>;
  readonly #finished = new AbortController();
  readonly #trimmed = new Set<number>();
  #running = 0;
  /** Called before and after each batch, with how many are being processed. */
  onProcessing: (running: number) => void = () => undefined;

  constructor(wanted: LogTail) {
    this.#wanted = wanted;
    this.#tails = new Map([...wanted.logs].map(([partition, log]) => [partition, newTail(log)]));
  }

  get done(): AbortSignal {
    return this.#finished.signal;
  }

  /** The partitions that lack a part of the wanted records. */
  get trimmed(): ReadonlySet<number> {
    return this.#trimmed;
  }

  isDone(): boolean {
    return [...this.#tails.values()].every((tail) => tail.isDone);
  }

  locate({
    partition,
    logStart,
  }: Pick<PartitionToLocate, 'partition' | 'logStart'>): Promise<{ seekTo: bigint } | 'stopped'> {
    const tail = this.#tails.get(partition);
    if (tail === undefined || tail.isDone) return Promise.resolve('stopped');
    if (tail.next < logStart) {
      if (tail.isEnough) this.#trimmed.add(partition);
      trim(tail, logStart);
    }
    if (tail.next >= tail.log.end) return Promise.resolve(this.#end(partition, tail));
    return Promise.resolve({ seekTo: tail.next });
  }

  async process(
    batch: ConsumedBatch,
    lease: Pick<PartitionLease, 'waitForTurn'>,
  ): Promise<ProcessOutcome> {
    this.#running += 1;
    this.onProcessing(this.#running);
    try {
      if (this.#wanted.turn !== undefined) await lease.waitForTurn(this.#wanted.turn());
      return await this.#process(batch);
    } finally {
      this.#running -= 1;
      this.onProcessing(this.#running);
    }
  }

  async #process({ partition, nextOffset, records }: ConsumedBatch): Promise<ProcessOutcome> {
    const tail = this.#tails.get(partition);
    if (tail === undefined || tail.isDone) return 'stopped';
    const own = records.filter(({ offset }) => offset >= tail.next && offset < tail.log.end);
    const [first] = own;
    const isAtEnd = nextOffset >= tail.log.end;
    if (first !== undefined || isAtEnd) {
      tail.isEnough ||= this.#isEnough(partition, tail, first);
      if (!tail.isEnough) return startFurtherBack(tail);
    }
    if (own.length > 0) await this.#wanted.process(partition, own);
    tail.next = nextOffset;
    return isAtEnd ? this.#end(partition, tail) : 'processed';
  }

  /** The missing records are unknown, so the caller must not continue. */
  unreadable({ topic, partition, firstOffset, cause }: UnreadableBatch): Promise<void> {
    const place = `${topic}/${partition} at offset ${firstOffset}`;
    return Promise.reject(new Error(`the log of ${place} cannot be read: ${cause}`));
  }

  #end(partition: number, tail: Tail): 'stopped' {
    if (tail.isTrimmed && !tail.isEnough) this.#trimmed.add(partition);
    tail.isDone = true;
    if (this.isDone()) this.#finished.abort();
    return 'stopped';
  }

  /** Any first record is enough in a window that starts with the log. Undefined: the window has none. */
  #isEnough(partition: number, tail: Tail, first: ConsumedRecord | undefined): boolean {
    if (first !== undefined && this.#wanted.isEnough(partition, first)) return true;
    if (!isWhole(tail)) return false;
    if (tail.isTrimmed) this.#trimmed.add(partition);
    return true;
  }
}

function newTail(log: LogOffsets): Tail {
  const window = FIRST_WINDOW_OFFSETS;
  const isDone = log.start >= log.end;
  const next = startOf(log, window);
  return { log, window, next, isEnough: false, isTrimmed: false, isDone };
}

/** Whether the window starts with the log. */
function isWhole({ log, window }: Tail): boolean {
  return startOf(log, window) === log.start;
}

/** The retention has deleted the log up to `start`. */
function trim(tail: Tail, start: bigint): void {
  tail.log = { ...tail.log, start };
  tail.next = start;
  tail.isTrimmed = true;
}

function startFurtherBack(tail: Tail): 'relocate' {
  tail.window *= WINDOW_GROWTH;
  tail.next = startOf(tail.log, tail.window);
  return 'relocate';
}

function startOf({ start, end }: LogOffsets, window: bigint): bigint {
  return end - window > start ? end - window : start;
}
