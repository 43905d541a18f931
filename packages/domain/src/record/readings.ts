import { distinctWays, outcomesOf } from './outcomes.ts';
import { foldPeriods, type Period, readStatement } from './periods.ts';
import { type Statement } from './statement.ts';
import { clashingParts } from './tied.ts';
import { sameTimeline, type Timeline, timelineOf } from './timeline.ts';
import { type Effort, isExhausted, spend, type Way } from './way.ts';

/** Ways that are followed at once, so that newer facts can settle what tied ones left open. */
const WAYS_MAX_COUNT = 64;

/** Ways out of one tied group that are compared before they are counted. */
const OUTCOMES_MAX_COUNT = 1_000;

/** Statements with one place in the source's order; more of them are not compared. */
const TIED_MAX_COUNT = 1_000;

/** The ways in which the statements of an engagement can be read. */
export interface Readings {
  /** At least one. In the first one tied statements stand in the order of their event ids. */
  readonly ways: readonly Way[];
  /** There are more than are followed: only the first one is there. */
  readonly tooMany: boolean;
  /** The highest order at which tied statements could be read in several ways; `undefined`: at none. */
  readonly tie: bigint | undefined;
  /** What following several ways has cost. */
  readonly effort: number;
}

const UNREAD: Readings = { ways: [[]], tooMany: false, tie: undefined, effort: 0 };

/** How statements can be read, and how those before the last tied group could. */
export interface ReadThrough {
  readonly readings: Readings;
  readonly beforeLast: Readings;
}

/** Reads statements that stand in the source's order, tied ones by event id. */
export function readThrough(statements: readonly Statement[]): ReadThrough {
  const groups = tiedGroups(statements);
  if (groups.length === statements.length) return readUntied(statements);
  return tiedGroups(withoutReplaced(groups)).reduce<ReadThrough>(
    ({ readings }, group) => ({ readings: readOn(readings, group), beforeLast: readings }),
    { readings: UNREAD, beforeLast: UNREAD },
  );
}

/** What readings become with statements of one order behind all that they were read from. */
export function readOn(known: Readings, tied: readonly Statement[]): Readings {
  const [first] = tied;
  if (first === undefined) return known;
  if (tied.length > 1 && !known.tooMany) return readTied(known, tied, first.order);
  const ways = known.ways.map((way) => foldPeriods(tied, way));
  if (ways.length === 1) return { ...known, ways };
  const effort: Effort = { spent: known.effort };
  for (const way of ways) spend(effort, way);
  if (isExhausted(effort)) return beyondAll(known, tied);
  const kept = first.kind === 'stated' ? distinctWays(ways, effort) : ways;
  return { ...known, ways: kept, effort: effort.spent };
}

/** Whether the statements were never tied in a way that made a difference. */
export function isPlain({ ways, tooMany, effort }: Readings): boolean {
  return ways.length === 1 && !tooMany && effort === 0;
}

function readUntied(statements: readonly Statement[]): ReadThrough {
  const last = statements.at(-1);
  const before = foldPeriods(statements.slice(0, -1));
  const periods = last === undefined ? before : readStatement(before, last);
  return {
    readings: { ...UNREAD, ways: [periods] },
    beforeLast: { ...UNREAD, ways: [before] },
  };
}

function readTied(known: Readings, tied: readonly Statement[], order: bigint): Readings {
  if (tied.length > TIED_MAX_COUNT) return beyondAll(known, tied);
  const effort: Effort = { spent: known.effort };
  const parts = clashingParts(tied, known.ways);
  const ways: Way[] = [];
  for (const way of known.ways) {
    const outcomes = outcomesOf(way, parts, OUTCOMES_MAX_COUNT - ways.length, effort);
    if (outcomes === undefined) return beyondAll(known, tied);
    ways.push(...outcomes);
  }
  const kept = fewerWays(distinctWays(ways, effort), effort);
  if (kept.length > WAYS_MAX_COUNT || isExhausted(effort)) return beyondAll(known, tied);
  const tie = kept.length > known.ways.length ? order : known.tie;
  return { ways: kept, tooMany: false, tie, effort: effort.spent };
}

/** Where there are too many to follow, those that say the same now are one, whatever newer facts could tell apart. */
function fewerWays(ways: readonly Way[], effort: Effort): readonly Way[] {
  if (ways.length <= WAYS_MAX_COUNT) return ways;
  const timelines: Timeline[] = [];
  return ways.filter((way) => {
    spend(effort, way);
    const timeline = timelineOf(way);
    if (timelines.length > WAYS_MAX_COUNT) return true;
    if (timelines.some((known) => sameTimeline(known, timeline))) return false;
    timelines.push(timeline);
    return true;
  });
}

/** Goes on with the first way alone, so that there are dates to show. */
function beyondAll(known: Readings, tied: readonly Statement[]): Readings {
  const first: readonly Period[] = foldPeriods(tied, known.ways[0]);
  return { ...known, ways: [first], tooMany: true, tie: tied[0]?.order };
}

/**
 * Without what the newest full statement has replaced: rows and attributes from before it make no difference any
 * more, however they can be read. A full statement that is tied itself replaces nothing for certain.
 */
function withoutReplaced(groups: readonly (readonly Statement[])[]): readonly Statement[] {
  const stated = groups.findLastIndex((tied) => tied.length === 1 && tied[0]?.kind === 'stated');
  if (stated <= 0) return groups.flat();
  const older = groups.slice(0, stated).flat();
  return [...older.flatMap(structureOf), ...groups.slice(stated).flat()];
}

/** What of a statement outlives a full one: starts, ends and suspensions. */
function structureOf(statement: Statement): readonly Statement[] {
  if (statement.kind === 'moved') return [];
  if (statement.kind === 'joined') return [{ ...statement, attributes: {} }];
  return statement.kind === 'stated' ? [{ ...statement, rows: [] }] : [statement];
}

function tiedGroups(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groups: Statement[][] = [];
  for (const statement of statements) {
    const last = groups.at(-1);
    if (last?.[0]?.order === statement.order) last.push(statement);
    else groups.push([statement]);
  }
  return groups;
}
