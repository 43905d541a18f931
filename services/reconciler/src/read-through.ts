import { type LogOffsets, readWrittenOffsets, type TopicAdmin } from '@latchkey/kafka';
import {
  type Db,
  insertProgress,
  listReadThrough,
  markReadThrough,
  type ReadThroughRow,
  type ReportTopic,
  readClock,
} from '@latchkey/postgres';
import type { BackgroundTask, Logger, Metrics } from '@latchkey/runtime';
import {
  type Look,
  nextLook,
  type PartitionCount,
  partitionCount,
  type Waiting,
  waitingOf,
} from './looks.ts';

/** How far a topic was read, as this process knows it. */
export interface ReadThrough {
  /** Whose partitions deadlines wait for; changes as more of them are seen. */
  readonly reports: () => ReportTopic;
  /**
   * Notes how far each partition was read by the broker's clock: where one is read to its end, nothing that was
   * stamped earlier can still come. Undefined where there is no such topic.
   */
  readonly task: BackgroundTask | undefined;
}

export interface WatchedTopic {
  readonly db: Db;
  readonly admin: TopicAdmin;
  /** undefined: the installation has none, and deadlines count by the database's clock. */
  readonly topic: string | undefined;
  /** How far the brokers' clocks may be behind the database's. */
  readonly marginMs: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export function openReadThrough(watched: WatchedTopic): ReadThrough {
  const { topic, log } = watched;
  if (topic === undefined) {
    log.warn({}, 'no verification topic: verifications expire by the clock of the database');
    return { reports: () => ({ topic: null, partitions: 0 }), task: undefined };
  }
  const watcher = new Watcher(watched, topic);
  return {
    reports: () => ({ topic, partitions: watcher.partitions }),
    task: {
      name: 'read-through',
      everyMs: 1_000,
      // Longer than a broker that says nothing is waited for.
      limitMs: 20_000,
      // Deadlines wait meanwhile.
      forget: () => {
        watcher.forget();
      },
      work: () => watcher.look(),
    },
  };
}

class Watcher {
  readonly #watched: WatchedTopic;
  readonly #topic: string;
  readonly #gauges: ReadThroughGauges;
  /** By partition: what is to be read before more is known. */
  readonly #looks = new Map<number, Look>();
  #count: PartitionCount | undefined;
  #leftOut = '';
  #waiting: Waiting | undefined;

  constructor(watched: WatchedTopic, topic: string) {
    this.#watched = watched;
    this.#topic = topic;
    this.#gauges = readThroughGauges(watched.metrics, topic);
  }

  get partitions(): number {
    return this.#count?.count ?? 0;
  }

  /** How far the topic was read is not known any more. */
  forget(): void {
    this.#gauges.forget();
  }

  /** The clock is read first: a record that comes after it was read is stamped later. */
  async look(): Promise<void> {
    const { db, admin, marginMs } = this.#watched;
    const [clock] = await db.run(readClock, {});
    if (clock === undefined) return;
    const ends = await readWrittenOffsets(admin, this.#topic, 1);
    this.#count = partitionCount(this.#count, ends.size, clock.nowMs);
    const rows = await this.#rowsOf(ends);
    for (const [partition, { end: logEnd }] of ends) {
      const row = rows.get(partition);
      if (row === undefined) continue;
      const look = { epoch: row.epoch, logEnd, throughMs: clock.nowMs - marginMs };
      const { reached, next } = nextLook(this.#looks.get(partition), look, row);
      if (next === undefined) this.#looks.delete(partition);
      else this.#looks.set(partition, next);
      if (reached === undefined) continue;
      const marked = { topic: this.#topic, partition, ...reached };
      // eslint-disable-next-line no-await-in-loop -- a handful of partitions, once a second
      await db.run(markReadThrough, marked);
    }
    this.#tell([...rows.values()], clock.nowMs);
  }

  /** An empty partition that no reader was given yet is read to its end all the same. */
  async #rowsOf(
    ends: ReadonlyMap<number, LogOffsets>,
  ): Promise<ReadonlyMap<number, ReadThroughRow>> {
    const { db } = this.#watched;
    const topic = this.#topic;
    const list = async () =>
      new Map((await db.run(listReadThrough, { topic })).map((row) => [row.partition, row]));
    const known = await list();
    const empty = [...ends].filter(
      ([partition, { start, end }]) => start === end && !known.has(partition),
    );
    for (const [partition, { start: nextOffset }] of empty) {
      // eslint-disable-next-line no-await-in-loop -- once in the life of a partition
      await db.run(insertProgress, { topic, partition, nextOffset });
    }
    return empty.length === 0 ? known : list();
  }

  #tell(all: readonly ReadThroughRow[], nowMs: number): void {
    const { log } = this.#watched;
    const topic = this.#topic;
    const rows = all.filter(({ partition }) => partition < this.partitions);
    const leftOut = rows.filter((row) => row.isLeftOut).map(({ partition }) => partition);
    const noted = rows.filter((row) => !row.isLeftOut).map(({ readThroughMs }) => readThroughMs);
    const isWhole = rows.length >= this.partitions;
    this.#waiting = waitingOf(noted, isWhole, nowMs, this.#waiting);
    this.#gauges.show(this.#waiting.ageMs / 1_000, leftOut.length);
    if (leftOut.join() === this.#leftOut) return;
    this.#leftOut = leftOut.join();
    if (leftOut.length === 0) log.info({ topic }, 'deadlines wait for all partitions again');
    else
      log.warn(
        { topic, partitions: leftOut },
        'deadlines do not wait for these stopped partitions',
      );
  }
}

interface ReadThroughGauges {
  readonly show: (ageSeconds: number, leftOut: number) => void;
  readonly forget: () => void;
}

function readThroughGauges(metrics: Metrics, topic: string): ReadThroughGauges {
  const age = metrics.gauge('latchkey_read_through_age_seconds');
  const leftOutCount = metrics.gauge('latchkey_read_through_left_out');
  return {
    show: (ageSeconds, leftOut) => {
      age.set({ topic }, ageSeconds);
      leftOutCount.set({ topic }, leftOut);
    },
    forget: () => {
      age.reset();
      leftOutCount.reset();
    },
  };
}
