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
  advanceMark,
  type DeadlineWait,
  measureWait,
  type PartitionCount,
  type ReadMark,
  updatePartitionCount,
} from './read-marks.ts';

/** How far the verification topic was read. */
export interface ReadThrough {
  /** The topic and the number of partitions that deadlines wait for, which changes as the topic does. */
  readonly reports: () => ReportTopic;
  /**
   * Records through which time each partition was read: where one is read to its end, no record with an earlier stamp
   * can follow. Undefined where there is no such topic.
   */
  readonly task: BackgroundTask | undefined;
}

export interface WatchedTopic {
  readonly db: Db;
  readonly admin: TopicAdmin;
  /** Undefined: the installation has none, and deadlines count by the database's clock. */
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
      // Longer than the limit for an answer of a broker.
      limitMs: 20_000,
      // Deadlines wait until the next success.
      forget: () => {
        watcher.forget();
      },
      work: () => watcher.check(),
    },
  };
}

class Watcher {
  readonly #watched: WatchedTopic;
  readonly #topic: string;
  readonly #gauges: ReadThroughGauges;
  /** By partition: the mark that its reader is to reach next. */
  readonly #marks = new Map<number, ReadMark>();
  #count: PartitionCount | undefined;
  #leftOut = '';
  #wait: DeadlineWait | undefined;

  constructor(watched: WatchedTopic, topic: string) {
    this.#watched = watched;
    this.#topic = topic;
    this.#gauges = readThroughGauges(watched.metrics, topic);
  }

  get partitions(): number {
    return this.#count?.count ?? 0;
  }

  /** Clears the gauges: their values may no longer be true. */
  forget(): void {
    this.#gauges.forget();
  }

  /** Reads the clock first: a record that arrives after that has a later stamp. */
  async check(): Promise<void> {
    const { db, admin, marginMs } = this.#watched;
    const [clock] = await db.run(readClock, {});
    if (clock === undefined) return;
    const ends = await readWrittenOffsets(admin, this.#topic, 1);
    this.#count = updatePartitionCount(this.#count, ends.size, clock.nowMs);
    const rows = await this.#listRows(ends);
    for (const [partition, { end: logEnd }] of ends) {
      const row = rows.get(partition);
      if (row === undefined) continue;
      const latest = { epoch: row.epoch, logEnd, throughMs: clock.nowMs - marginMs };
      const { reached, next } = advanceMark(this.#marks.get(partition), latest, row);
      if (next === undefined) this.#marks.delete(partition);
      else this.#marks.set(partition, next);
      if (reached === undefined) continue;
      const readThrough = { topic: this.#topic, partition, ...reached };
      // eslint-disable-next-line no-await-in-loop -- few partitions, once a second
      await db.run(markReadThrough, readThrough);
    }
    this.#report([...rows.values()], clock.nowMs);
  }

  /** The rows by partition. An empty partition gets one: it is read to its end, also where no process has read it yet. */
  async #listRows(
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
      // eslint-disable-next-line no-await-in-loop -- once for each partition
      await db.run(insertProgress, { topic, partition, nextOffset });
    }
    return empty.length === 0 ? known : list();
  }

  #report(all: readonly ReadThroughRow[], nowMs: number): void {
    const { log } = this.#watched;
    const topic = this.#topic;
    const rows = all.filter(({ partition }) => partition < this.partitions);
    const leftOut = rows.filter((row) => row.isLeftOut).map(({ partition }) => partition);
    const times = rows.filter((row) => !row.isLeftOut).map(({ readThroughMs }) => readThroughMs);
    const isWhole = rows.length >= this.partitions;
    this.#wait = measureWait(times, isWhole, nowMs, this.#wait);
    this.#gauges.show(this.#wait.ageMs / 1_000, leftOut.length);
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
