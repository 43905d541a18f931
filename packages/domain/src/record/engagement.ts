import { mergeReadings } from './merge-readings.ts';
import { insertInOrder, sortInOrder } from './order.ts';
import { endOf, type Period } from './periods.ts';
import { isPlain, type ReadThrough, readOn, readThrough } from './readings.ts';
import { type Statement } from './statement.ts';
import { sameTimeline, type Timeline, timelineOf, withoutRepeats } from './timeline.ts';

/** Different readings of one engagement that are compared; more cannot be reviewed. */
export const READINGS_MAX_COUNT = 16;

/** The key of an engagement: its source's own, with the source. */
export interface EngagementKey {
  readonly source: string;
  readonly engagement: string;
}

/** What the facts of one engagement mean. */
export interface EngagementRecord extends EngagementKey {
  /** In the source's order; tied ones by event id. */
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
): EngagementRecord {
  return read(key, sortInOrder(statements));
}

/** The engagement with one more statement; itself if that one was known. */
export function addStatement(known: EngagementRecord, statement: Statement): EngagementRecord {
  const newest = known.statements.at(-1)?.order ?? -1n;
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

function read(key: EngagementKey, statements: readonly Statement[]): EngagementRecord {
  return engagementFrom(key, statements, readThrough(statements));
}

function engagementFrom(
  { source, engagement }: EngagementKey,
  statements: readonly Statement[],
  through: ReadThrough,
): EngagementRecord {
  const { readings, tooMany } = through.all;
  const timelines = distinct(readings.map(timelineOf));
  const [first = []] = timelines;
  const known = { source, engagement, statements, periods: readings[0] ?? [], through };
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
