import { distinctReadings, outcomesOf } from './outcomes.ts';
import { foldPeriods, type Period, readStatement } from './periods.ts';
import { type Effort, isExhausted, type Reading, spend } from './reading.ts';
import { type Statement, structureOf } from './statement.ts';
import { clashingParts, type Repeated } from './tied.ts';
import { sameTimeline, type Timeline, timelineOf } from './timeline.ts';

/** Readings that are followed at once, so that newer facts can decide what tied ones left open. */
const FOLLOWED_MAX_COUNT = 64;

/** Readings out of one tied group that are compared before they are counted. */
const OUTCOMES_MAX_COUNT = 1_000;

/** Statements with one place in the source's order; more of them are not compared. */
const TIED_MAX_COUNT = 1_000;

/** All ways to read the statements of an engagement. */
export interface ReadingSet {
  /** At least one. In the first one tied statements are in the order of their event ids. */
  readonly readings: readonly Reading[];
  /** There are more than are followed: only the first one is there. */
  readonly tooMany: boolean;
  /** The highest order at which tied statements had several readings; `undefined`: at none. */
  readonly tie: bigint | undefined;
  /** Work spent on following several readings. */
  readonly effort: number;
}

/** Of no statements. */
export const UNREAD: ReadingSet = { readings: [[]], tooMany: false, tie: undefined, effort: 0 };

/** How statements can be read, and how those before the last tied group could. */
export interface ReadThrough {
  readonly all: ReadingSet;
  readonly beforeLast: ReadingSet;
}

/**
 * Reads statements that are sorted in the source's order, tied ones by event id.
 *
 * @param from - the reading of older ones; there is only one
 */
export function readThrough(
  statements: readonly Statement[],
  from: ReadingSet = UNREAD,
): ReadThrough {
  const groups = tiedGroups(statements);
  if (groups.length === statements.length) return readUntied(statements, from);
  const replaced = groups.findLastIndex((tied) => tied.length === 1 && tied[0]?.kind === 'stated');
  const kept = tiedGroups(withoutReplaced(groups, replaced));
  const start = replaced < 0 ? from : structureOfReading(from);
  return kept.reduce<ReadThrough>(
    ({ all }, group) => ({ all: readOn(all, group), beforeLast: all }),
    { all: start, beforeLast: start },
  );
}

/** The readings with statements of one order added, which is higher than all before. */
export function readOn(known: ReadingSet, tied: readonly Statement[]): ReadingSet {
  const [first] = tied;
  if (first === undefined) return known;
  if (tied.length > 1 && !known.tooMany) return readTied(known, tied, first.order);
  const readings = known.readings.map((reading) => foldPeriods(tied, reading));
  if (readings.length === 1) return { ...known, readings };
  const effort: Effort = { spent: known.effort };
  for (const reading of readings) spend(effort, reading);
  if (isExhausted(effort)) return beyondAll(known, tied);
  const kept = first.kind === 'stated' ? distinctReadings(readings, effort) : readings;
  return { ...known, readings: kept, effort: effort.spent };
}

/** Whether ties among the statements never made a difference. */
export function isPlain({ readings, tooMany, effort }: ReadingSet): boolean {
  return readings.length === 1 && !tooMany && effort === 0;
}

function readUntied(statements: readonly Statement[], from: ReadingSet): ReadThrough {
  const [known] = from.readings;
  const last = statements.at(-1);
  const before = foldPeriods(statements.slice(0, -1), known);
  const periods = last === undefined ? before : readStatement(before, last);
  return {
    all: { ...from, readings: [periods] },
    beforeLast: { ...from, readings: [before] },
  };
}

/** Rows and attributes make no difference after a full statement. */
function structureOfReading(from: ReadingSet): ReadingSet {
  const readings = from.readings.map((reading) =>
    reading.map((period) => ({ ...period, base: {}, rows: [] })),
  );
  return { ...UNREAD, readings };
}

function readTied(known: ReadingSet, tied: readonly Statement[], order: bigint): ReadingSet {
  if (tied.length > TIED_MAX_COUNT) return beyondAll(known, tied);
  return (
    readParts(known, tied, order, 'as_row') ??
    readParts(known, tied, order, 'in_force') ??
    beyondAll(known, tied)
  );
}

/** @returns undefined: there are more readings than are followed */
function readParts(
  known: ReadingSet,
  tied: readonly Statement[],
  order: bigint,
  repeated: Repeated,
): ReadingSet | undefined {
  const effort: Effort = { spent: known.effort };
  const parts = clashingParts(tied, known.readings, repeated);
  const readings: Reading[] = [];
  for (const reading of known.readings) {
    const outcomes = outcomesOf(reading, parts, OUTCOMES_MAX_COUNT - readings.length, effort);
    if (outcomes === undefined) return undefined;
    readings.push(...outcomes);
  }
  const kept = fewerReadings(distinctReadings(readings, effort), effort);
  if (kept.length > FOLLOWED_MAX_COUNT || isExhausted(effort)) return undefined;
  const tie = kept.length > known.readings.length ? order : known.tie;
  return { readings: kept, tooMany: false, tie, effort: effort.spent };
}

/** Where there are too many to follow, those that are equal now are one, though newer facts could make them differ. */
function fewerReadings(readings: readonly Reading[], effort: Effort): readonly Reading[] {
  if (readings.length <= FOLLOWED_MAX_COUNT) return readings;
  const timelines: Timeline[] = [];
  return readings.filter((reading) => {
    spend(effort, reading);
    const timeline = timelineOf(reading);
    if (timelines.length > FOLLOWED_MAX_COUNT) return true;
    if (timelines.some((known) => sameTimeline(known, timeline))) return false;
    timelines.push(timeline);
    return true;
  });
}

/** Continues with the first reading alone, so that there are dates to show. */
function beyondAll(known: ReadingSet, tied: readonly Statement[]): ReadingSet {
  const first: readonly Period[] = foldPeriods(tied, known.readings[0]);
  return { ...known, readings: [first], tooMany: true, tie: tied[0]?.order };
}

/**
 * Without what the newest full statement has replaced: rows and attributes from before it make no difference any
 * more, in any reading. A full statement that is tied itself replaces nothing for certain.
 *
 * @param stated - the index of the newest full statement that is not tied; negative: there is none
 */
function withoutReplaced(
  groups: readonly (readonly Statement[])[],
  stated: number,
): readonly Statement[] {
  if (stated <= 0) return groups.flat();
  const older = groups.slice(0, stated).flat();
  return [...older.flatMap(structureOf), ...groups.slice(stated).flat()];
}

/** Statements of one place in the source's order, group by group. */
export function tiedGroups(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groups: Statement[][] = [];
  for (const statement of statements) {
    const last = groups.at(-1);
    if (last?.[0]?.order === statement.order) last.push(statement);
    else groups.push([statement]);
  }
  return groups;
}
