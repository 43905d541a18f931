/** What was seen of a partition: all that was stamped before `throughMs` is below `logEnd`. */
export interface Look {
  readonly epoch: number;
  readonly logEnd: bigint;
  /** Milliseconds since 1970, by the database's clock. */
  readonly throughMs: number;
}

/** Where reading of a partition stands. */
interface Position {
  readonly epoch: number;
  readonly nextOffset: bigint;
}

/**
 * Which look at a partition has been reached by its reader, and which one is waited for. Where records come all the
 * time its reader is never at the end that was just seen, but reaches the one that was seen a moment ago.
 *
 * @param waiting - the look that was waited for, of the same partition
 */
export function nextLook(
  waiting: Look | undefined,
  latest: Look,
  { epoch, nextOffset }: Position,
): { readonly reached: Look | undefined; readonly next: Look | undefined } {
  if (nextOffset >= latest.logEnd) return { reached: latest, next: undefined };
  // Accepted meanwhile: offsets may name other records now.
  if (waiting === undefined || waiting.epoch !== epoch) return { reached: undefined, next: latest };
  if (nextOffset >= waiting.logEnd) return { reached: waiting, next: latest };
  return { reached: undefined, next: waiting };
}

/** How many partitions a topic has, and when the brokers last told of so many. */
export interface PartitionCount {
  readonly count: number;
  readonly toldAtMs: number;
}

const FEWER_AFTER_MS = 3_600_000;

/**
 * A partition counts from when it is seen. Fewer than before are believed once the brokers have told nothing else for
 * an hour: a topic that was made anew has them, and a broker that is behind tells of them for a moment.
 */
export function partitionCount(
  known: PartitionCount | undefined,
  count: number,
  toldAtMs: number,
): PartitionCount {
  if (known === undefined || count >= known.count) return { count, toldAtMs };
  return toldAtMs - known.toldAtMs >= FEWER_AFTER_MS ? { count, toldAtMs } : known;
}

/** Since when deadlines wait, by the partition that is furthest behind. */
export interface Waiting {
  readonly ageMs: number;
  /** Since when a partition lacks a noted position; undefined while all have one. */
  readonly unnotedSinceMs: number | undefined;
}

/**
 * Where a partition has no noted position, as in a new installation or after `progress accept`, the wait counts from when
 * this process first saw that.
 *
 * @param noted - how far each partition that deadlines wait for was read; null where that was not noted
 * @param isWhole - false where partitions are missing among them
 */
export function waitingOf(
  noted: readonly (number | null)[],
  isWhole: boolean,
  nowMs: number,
  known: Waiting | undefined,
): Waiting {
  const isNoted = isWhole && !noted.includes(null);
  const unnotedSinceMs = isNoted ? undefined : (known?.unnotedSinceMs ?? nowMs);
  const times = noted.filter((time) => time !== null);
  return { ageMs: nowMs - Math.min(unnotedSinceMs ?? nowMs, ...times), unnotedSinceMs };
}
