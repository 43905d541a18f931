import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type {
  Hold,
  LocatePartition,
  PartitionReading,
  Taken,
  UnreadableBatch,
} from './consume/partition-reading.ts';
import { runBatchConsumer } from './consume/run-batch-consumer.ts';
import type { ConsumedBatch, ConsumedRecord } from './consumed.ts';
import type { KafkaLog } from './kafka-log.ts';
import { NotAllowedError } from './not-allowed.ts';
import type { LogOffsets } from './topics.ts';

/** Which end of which logs is wanted, and where its records go. */
export interface LogTail {
  /** The logs of the partitions that are wanted, as they are to be read. */
  readonly logs: ReadonlyMap<number, LogOffsets>;
  /** Whether the records from this one on are enough; where they are not, reading begins further back. */
  readonly isEnough: (partition: number, first: ConsumedRecord) => boolean;
  /**
   * Takes the next records of a partition, those of one fetch at most; one call at a time for each partition. A rejection ends
   * the reading.
   */
  readonly take: (partition: number, records: readonly ConsumedRecord[]) => Promise<void>;
  /** Waited for before anything is taken; meanwhile the brokers are asked for nothing more. */
  readonly turn?: () => Promise<unknown>;
}

const FIRST_WINDOW_OFFSETS = 500n;
/** Each look begins so many times as far back as the one before; it is over with its first record. */
const WINDOW_GROWTH = 2n;
/** Without a fetch, while nothing is taken. */
const SILENCE_LIMIT_MS = 10 * 60_000;
/** Also between two looks; a partition that is done is asked about as often. */
const RELOCATE_MS = 200;
const SESSION_TIMEOUT_MS = 10_000;
const MAX_BYTES_A_PARTITION = 1_048_576;
const NEVER = new AbortController().signal;

/**
 * Reads the ends of logs, from where they are enough or the log begins, and keeps nothing of them. Committed records only,
 * each once and in the order of its log. Joins a group of its own (`latchkey-operator.<uuid>`), which holds nothing.
 *
 * @returns the partitions of which the retention has deleted what was wanted, since `logs` was asked for
 * @throws Error when the brokers send nothing for 10 minutes; NotAllowedError where we may not read; what `take` rejected with;
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
  // What takes a batch has limits of its own.
  reading.onTaking = (inHand) => {
    clearTimeout(silence);
    if (inHand === 0) silence = listen();
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
          denied.abort(new NotAllowedError(`the brokers do not allow it: needed is ${needed}`));
        },
      },
      log,
      AbortSignal.any([reading.done, late.signal, denied.signal, giveUp]),
    );
  } finally {
    reading.onTaking = () => undefined;
    clearTimeout(silence);
  }
  giveUp.throwIfAborted();
  denied.signal.throwIfAborted();
}

interface Tail {
  log: LogOffsets;
  window: bigint;
  /** Where reading goes on. */
  next: bigint;
  /** It began far enough back. */
  isEnough: boolean;
  /** The retention has deleted what was there when reading was asked for. */
  isTrimmed: boolean;
  isDone: boolean;
}

/** Hands on the ends of logs from the batches that a consumer hands to it. */
export class TailReading implements PartitionReading {
  readonly #wanted: LogTail;
  readonly #tails: ReadonlyMap<number, Tail>;
  readonly #finished = new AbortController();
  readonly #trimmed = new Set<number>();
  #inHand = 0;
  /** Called with each fetch, and when it was taken, with how many are in hand. */
  onTaking: (inHand: number) => void = () => undefined;

  constructor(wanted: LogTail) {
    this.#wanted = wanted;
    this.#tails = new Map([...wanted.logs].map(([partition, log]) => [partition, newTail(log)]));
  }

  get done(): AbortSignal {
    return this.#finished.signal;
  }

  /** The partitions that lack a part of what was wanted. */
  get trimmed(): ReadonlySet<number> {
    return this.#trimmed;
  }

  isDone(): boolean {
    return [...this.#tails.values()].every((tail) => tail.isDone);
  }

  locate({
    partition,
    logStart,
  }: Pick<LocatePartition, 'partition' | 'logStart'>): Promise<{ seekTo: bigint } | 'stopped'> {
    const tail = this.#tails.get(partition);
    if (tail === undefined || tail.isDone) return Promise.resolve('stopped');
    if (tail.next < logStart) {
      if (tail.isEnough) this.#trimmed.add(partition);
      trim(tail, logStart);
    }
    if (tail.next >= tail.log.end) return Promise.resolve(this.#end(partition, tail));
    return Promise.resolve({ seekTo: tail.next });
  }

  async take(batch: ConsumedBatch, hold: Pick<Hold, 'untilTurn'>): Promise<Taken> {
    this.#inHand += 1;
    this.onTaking(this.#inHand);
    try {
      if (this.#wanted.turn !== undefined) await hold.untilTurn(this.#wanted.turn());
      return await this.#take(batch);
    } finally {
      this.#inHand -= 1;
      this.onTaking(this.#inHand);
    }
  }

  async #take({ partition, nextOffset, records }: ConsumedBatch): Promise<Taken> {
    const tail = this.#tails.get(partition);
    if (tail === undefined || tail.isDone) return 'stopped';
    const own = records.filter(({ offset }) => offset >= tail.next && offset < tail.log.end);
    const [first] = own;
    const isAtEnd = nextOffset >= tail.log.end;
    if (first !== undefined || isAtEnd) {
      tail.isEnough ||= this.#beginsWellWith(partition, tail, first);
      if (!tail.isEnough) return lookFurtherBack(tail);
    }
    if (own.length > 0) await this.#wanted.take(partition, own);
    tail.next = nextOffset;
    return isAtEnd ? this.#end(partition, tail) : 'taken';
  }

  /** What is missing cannot be told: whoever asked must not go on. */
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

  /** Where the log has no more, any record is; none: the look came to the end without one. */
  #beginsWellWith(partition: number, tail: Tail, first: ConsumedRecord | undefined): boolean {
    if (first !== undefined && this.#wanted.isEnough(partition, first)) return true;
    if (!isFirstOf(tail)) return false;
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

/** Whether this look began with the log. */
function isFirstOf({ log, window }: Tail): boolean {
  return startOf(log, window) === log.start;
}

/** The retention has deleted the log up to here meanwhile. */
function trim(tail: Tail, start: bigint): void {
  tail.log = { ...tail.log, start };
  tail.next = start;
  tail.isTrimmed = true;
}

function lookFurtherBack(tail: Tail): 'relocate' {
  tail.window *= WINDOW_GROWTH;
  tail.next = startOf(tail.log, tail.window);
  return 'relocate';
}

function startOf({ start, end }: LogOffsets, window: bigint): bigint {
  return end - window > start ? end - window : start;
}
