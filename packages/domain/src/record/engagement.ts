import { mergeReadings } from './merge-readings.ts';
import { insertInOrder, readingsOf, sortInOrder } from './order.ts';
import { endOf, foldPeriods, type Period, readStatement } from './periods.ts';
import { type Statement } from './statement.ts';
import { sameTimeline, type Timeline, timelineOf, withoutRepeats } from './timeline.ts';

/** The key of an engagement: its source's own, with the source. */
export interface EngagementKey {
  readonly source: string;
  readonly engagement: string;
}

/** What the facts of one engagement say. */
export interface EngagementRecord extends EngagementKey {
  /** In the source's order; tied ones by event id. */
  readonly statements: readonly Statement[];
  /** Of the first reading; the latest is the last. */
  readonly periods: readonly Period[];
  /**
   * Of all readings together. A `held` engagement shows the dates of its first reading and no variants: what
   * its attributes are nobody knows.
   */
  readonly timeline: Timeline;
  /** `disputed`: tied facts give different readings. `held`: too many readings to compare. */
  readonly reading: 'certain' | 'disputed' | 'held';
  /** No two statements have the same place in the source's order. */
  readonly untied: boolean;
}

/** The dates of the latest period; `undefined`: not known. Epoch milliseconds. */
export interface EngagementDates {
  readonly startsAtMs: number | undefined;
  readonly endsAtMs: number | undefined;
  /** Where access ends before the engagement; `immediate` has no date. */
  readonly accessEndsAtMs: number | undefined;
}

/** Reads an engagement from its statements, in whatever order they come. */
export function readEngagement(
  key: EngagementKey,
  statements: readonly Statement[],
): EngagementRecord {
  return read(key, sortInOrder(statements));
}

/** The engagement with one more statement; itself if that one was known. */
export function addStatement(known: EngagementRecord, statement: Statement): EngagementRecord {
  if (isNewest(known, statement)) {
    // What came before it is read as it was.
    const periods = readStatement(known.periods, statement);
    return {
      ...known,
      statements: [...known.statements, statement],
      periods,
      timeline: timelineOf(periods),
    };
  }
  const statements = [...known.statements];
  return insertInOrder(statements, statement) ? read(known, statements) : known;
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

/** Whether two records of an engagement say the same at every moment, and of its dates. */
export function saysTheSame(one: EngagementRecord, other: EngagementRecord): boolean {
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

/** Behind all others in the source's order, which are read in one way only. */
function isNewest({ untied, statements }: EngagementRecord, { order }: Statement): boolean {
  const last = statements.at(-1);
  return untied && last !== undefined && last.order < order;
}

function read(
  { source, engagement }: EngagementKey,
  statements: readonly Statement[],
): EngagementRecord {
  const readings = readingsOf(statements);
  const periods = foldPeriods(readings?.[0] ?? statements);
  const first = timelineOf(periods);
  const untied = readings?.length === 1;
  const known = { source, engagement, statements, periods, untied };
  if (untied) return { ...known, timeline: first, reading: 'certain' };
  if (readings === undefined) {
    const unknown = first.map((segment) => ({ ...segment, variants: [] }));
    return { ...known, timeline: withoutRepeats(unknown), reading: 'held' };
  }
  const timelines = [first, ...readings.slice(1).map((order) => timelineOf(foldPeriods(order)))];
  return timelines.every((timeline) => sameTimeline(timeline, first))
    ? { ...known, timeline: first, reading: 'certain' }
    : { ...known, timeline: mergeReadings(timelines), reading: 'disputed' };
}
