/** The end of a partition's log at a moment: once it is read to `logEnd`, it is read through `throughMs`. */
export interface ReadMark {
  readonly epoch: number;
  /** Every record that the broker stamps before `throughMs` is below it. */
  readonly logEnd: bigint;
  /** Milliseconds since 1970, by the database's clock. */
  readonly throughMs: number;
}

/** The position of the reader of a partition. */
interface Position {
  readonly epoch: number;
  readonly nextOffset: bigint;
}

/**
 * Finds the mark that the reader of a partition has reached, and the next one to reach. Where records arrive all the time,
 * its position is never at the latest end, but reaches an end that was measured a moment ago.
 *
 * @param pending - the mark that was to be reached next, of the same partition
 */
export function advanceMark(
  pending: ReadMark | undefined,
  latest: ReadMark,
  { epoch, nextOffset }: Position,
): { readonly reached: ReadMark | undefined; readonly next: ReadMark | undefined } {
  if (nextOffset >= latest.logEnd) return { reached: latest, next: undefined };
  // After an operator has accepted another log, offsets may name other records.
  if (pending === undefined || pending.epoch !== epoch) return { reached: undefined, next: latest };
  if (nextOffset >= pending.logEnd) return { reached: pending, next: latest };
  return { reached: undefined, next: pending };
}

/** The number of partitions of a topic, and when the brokers last reported it. */
export interface PartitionCount {
  readonly count: number;
  readonly reportedAtMs: number;
}

const ACCEPT_FEWER_AFTER_MS = 3_600_000;

/**
 * The number of partitions after one more report. A larger number counts at once. A smaller one counts after an hour
 * without another report: a topic that was created again has fewer, and a broker that is behind reports fewer for a moment.
 */
export function updatePartitionCount(
  known: PartitionCount | undefined,
  count: number,
  reportedAtMs: number,
): PartitionCount {
  if (known === undefined || count >= known.count) return { count, reportedAtMs };
  const isOld = reportedAtMs - known.reportedAtMs >= ACCEPT_FEWER_AFTER_MS;
  return isOld ? { count, reportedAtMs } : known;
}

/** How long deadlines have waited, by the partition that is furthest behind. */
export interface DeadlineWait {
  readonly ageMs: number;
  /** Since when a partition has no time through which it was read; undefined while all have one. */
  readonly incompleteSinceMs: number | undefined;
}

/**
 * Measures how long deadlines have waited. Where a partition has no time through which it was read, as in a new
 * installation or after `progress accept`, the wait counts from when this process first saw that.
 *
 * @param readThroughMs - of each partition that deadlines wait for; null where there is none
 * @param isWhole - false where partitions are missing among them
 * @param known - the result of the call before
 */
export function measureWait(
  readThroughMs: readonly (number | null)[],
  isWhole: boolean,
  nowMs: number,
  known: DeadlineWait | undefined,
): DeadlineWait {
  const isComplete = isWhole && !readThroughMs.includes(null);
  const incompleteSinceMs = isComplete ? undefined : (known?.incompleteSinceMs ?? nowMs);
  const times = readThroughMs.filter((time) => time !== null);
  return { ageMs: nowMs - Math.min(incompleteSinceMs ?? nowMs, ...times), incompleteSinceMs };
}
