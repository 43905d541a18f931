import { mergeReadings } from './merge-readings.ts';
import { insertInOrder, sortInOrder } from './order.ts';
import { endOf, type Period } from './periods.ts';
import {
  isPlain,
  type ReadingSet,
  type ReadThrough,
  readOn,
  readThrough,
  UNREAD,
} from './readings.ts';
import { type Statement } from './statement.ts';
import { sameTimeline, type Timeline, timelineOf, withoutRepeats } from './timeline.ts';

/** Different readings of one engagement that are compared; more cannot be reviewed. */
export const READINGS_MAX_COUNT = 16;

/** The key of an engagement: its source's own, with the source. */
export interface EngagementKey {
  readonly source: string;
  readonly engagement: string;
}

/** Older facts of an engagement, as far as they were read before: the statements of a record are read on from it. */
export interface ReadBefore {
  /** The number of these facts. */
  readonly count: number;
  /** The highest order among them; `undefined`: there are none. */
  readonly throughOrder: bigint | undefined;
  /** The highest order that several of them have; `undefined`: none. */
  readonly lastTie: bigint | undefined;
  /** One reading. */
  readonly reading: ReadingSet;
}

export const NOTHING_READ: ReadBefore = {
  count: 0,
  throughOrder: undefined,
  lastTie: undefined,
  reading: UNREAD,
};

/** What the facts of one engagement mean. */
export interface EngagementRecord extends EngagementKey {
  readonly before: ReadBefore;
  /** In the source's order, all above `before`; tied ones by event id. */
  readonly statements: readonly Statement[];
  /** Of the first reading; the latest is the last. */
  readonly periods: readonly Period[];
  /**
   * Of all readings together. A `held` engagement shows the dates of its first reading and no variants: its
   * attributes are unknown.
   */
  readonly timeline: Timeline;
  /** `disputed`: tied facts give different readings. `held`: too many readings to compare. */
  readonly reading: 'certain' | 'disputed' | 'held';
  /** How the statements can be read; later ones are added to this. */
  readonly through: ReadThrough;
}

/** The dates of the latest period; `undefined`: not known. Epoch milliseconds. */
export interface EngagementDates {
  readonly startsAtMs: number | undefined;
  readonly endsAtMs: number | undefined;
  /** Where access ends before the engagement; `immediate` has no date. */
  readonly accessEndsAtMs: number | undefined;
}

/** Reads an engagement from its statements, given in any order. */
export function readEngagement(
  key: EngagementKey,
  statements: readonly Statement[],
  before: ReadBefore = NOTHING_READ,
): EngagementRecord {
  return read({ ...key, before }, sortInOrder(statements));
}

/** The number of facts that it is read from. */
export function factCountOf({ before, statements }: EngagementRecord): number {
  return before.count + statements.length;
}

/** The highest order that more than one fact has; `undefined`: none. */
export function lastTieOf({ before, statements }: EngagementRecord): bigint | undefined {
  const last = statements.findLast(({ order }, at) => statements[at - 1]?.order === order);
  return last?.order ?? before.lastTie;
}

/** The engagement with one more statement; itself if that one was known. */
export function addStatement(known: EngagementRecord, statement: Statement): EngagementRecord {
  const newest = known.statements.at(-1)?.order ?? known.before.throughOrder ?? -1n;
  if (newest < statement.order) return addNewest(known, statement);
  const statements = [...known.statements];
  if (!insertInOrder(statements, statement)) return known;
  return newest === statement.order
    ? addTied(known, statements, statement.order)
    : read(known, statements);
}

/** After all others in the source's order: the reading of those before it is kept. */
function addNewest(known: EngagementRecord, statement: Statement): EngagementRecord {
  const statements = [...known.statements, statement];
  const { all } = known.through;
  // It replaces what was open before it.
  if (statement.kind === 'stated' && !isPlain(all)) return read(known, statements);
  return engagementFrom(known, statements, { all: readOn(all, [statement]), beforeLast: all });
}

/** Tied with the newest ones: the reading of those before them is kept. */
function addTied(
  known: EngagementRecord,
  statements: readonly Statement[],
  order: bigint,
): EngagementRecord {
  const tied = statements.slice(statements.findIndex((other) => other.order === order));
  // Alone it replaced what was open before it; now it does not.
  if (tied.some(({ kind }) => kind === 'stated')) return read(known, statements);
  const { beforeLast } = known.through;
  return engagementFrom(known, statements, { all: readOn(beforeLast, tied), beforeLast });
}

/** The dates that the latest period has in the first reading. */
export function datesOf({ periods }: EngagementRecord): EngagementDates {
  const latest = periods.at(-1);
  if (latest === undefined) {
    return { startsAtMs: undefined, endsAtMs: undefined, accessEndsAtMs: undefined };
  }
  const endsAtMs = endOf(latest)?.atMs;
  const accessEndsAtMs = latest.left?.accessEndMs;
  const early = endsAtMs === undefined || (accessEndsAtMs ?? endsAtMs) < endsAtMs;
  return {
    startsAtMs: latest.start?.atMs,
    endsAtMs,
    accessEndsAtMs: early ? accessEndsAtMs : undefined,
  };
}

/** Whether two records of an engagement are equal at every moment, and in its dates. */
export function isSameRecord(one: EngagementRecord, other: EngagementRecord): boolean {
  return (
    one.reading === other.reading &&
    sameTimeline(one.timeline, other.timeline) &&
    sameDates(datesOf(one), datesOf(other))
  );
}

function sameDates(one: EngagementDates, other: EngagementDates): boolean {
  return (
    one.startsAtMs === other.startsAtMs &&
    one.endsAtMs === other.endsAtMs &&
    one.accessEndsAtMs === other.accessEndsAtMs
  );
}

type Beginning = Pick<EngagementRecord, 'source' | 'engagement' | 'before'>;

function read(beginning: Beginning, statements: readonly Statement[]): EngagementRecord {
  return engagementFrom(beginning, statements, readThrough(statements, beginning.before.reading));
}

function engagementFrom(
  { source, engagement, before }: Beginning,
  statements: readonly Statement[],
  through: ReadThrough,
): EngagementRecord {
  const { readings, tooMany } = through.all;
  const timelines = distinct(readings.map(timelineOf));
  const [first = []] = timelines;
  const periods = readings[0] ?? [];
  const known = { source, engagement, before, statements, periods, through };
  if (tooMany || timelines.length > READINGS_MAX_COUNT) {
    const unknown = first.map((segment) => ({ ...segment, variants: [] }));
    return { ...known, timeline: withoutRepeats(unknown), reading: 'held' };
  }
  return timelines.length === 1
    ? { ...known, timeline: first, reading: 'certain' }
    : { ...known, timeline: mergeReadings(timelines), reading: 'disputed' };
}

function distinct(timelines: readonly Timeline[]): readonly Timeline[] {
  const found: Timeline[] = [];
  for (const timeline of timelines) {
    if (!found.some((known) => sameTimeline(known, timeline))) found.push(timeline);
  }
  return found;
}
