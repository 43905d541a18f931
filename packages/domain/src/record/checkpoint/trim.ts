import { type KnownAttributes } from '../../policy/attribute.ts';
import { endOf, type Period, type Row, type Suspension } from '../periods.ts';

/** Rows, suspensions and periods of an engagement up to which nothing is trimmed. */
const KEPT_MAX_COUNT = 8;
/** Ended periods are kept up to so many. */
const PERIODS_MAX_COUNT = 4;
/** The latest moments up to the limit, at which nothing is trimmed: facts dated so late need no older facts. */
const RECENT_MOMENTS_COUNT = 4;

/** Periods of which only what is dated from the floor on is complete. */
export interface Trimmed {
  readonly periods: readonly Period[];
  /** `undefined`: nothing was trimmed. */
  readonly floorMs: number | undefined;
  /** Keys of rows that are gone; sorted. */
  readonly keys: readonly string[];
}

/**
 * Trims periods that have many rows, suspensions or predecessors. Their timeline from the floor on stays the same.
 *
 * @param limitMs - the floor is not after it
 */
export function trimPeriods(periods: readonly Period[], limitMs: number): Trimmed {
  const size = periods.reduce(
    (sum, { rows, suspensions }) => sum + rows.filter(isAlone).length + suspensions.length,
    0,
  );
  if (size <= KEPT_MAX_COUNT && periods.length <= PERIODS_MAX_COUNT) return untrimmed(periods);
  const recent = momentsOf(periods).filter((atMs) => atMs <= limitMs);
  const floorMs = recent.at(-RECENT_MOMENTS_COUNT);
  return floorMs === undefined ? untrimmed(periods) : trimBelow(periods, floorMs);
}

/** Trims everything that is dated before the floor. */
export function trimBelow(periods: readonly Period[], floorMs: number): Trimmed {
  const gone = countGone(periods, floorMs);
  const kept = periods.slice(gone);
  const trimmed = kept.map((period) => trimPeriod(period, floorMs));
  const left = new Set(trimmed.flatMap(({ rows }) => rows.map(keyOf)));
  const keys = periods.flatMap(({ rows }) => rows.map(keyOf)).filter((key) => !left.has(key));
  return {
    periods: trimmed,
    floorMs,
    keys: [...new Set(keys)].filter((key) => key !== undefined).sort(),
  };
}

function untrimmed(periods: readonly Period[]): Trimmed {
  return { periods, floorMs: undefined, keys: [] };
}

/** The oldest periods that had ended before the floor, beyond those that are kept. One that the next continues is kept. */
function countGone(periods: readonly Period[], floorMs: number): number {
  let gone = 0;
  while (periods.length - gone > PERIODS_MAX_COUNT) {
    const oldest = periods[gone];
    const end = oldest === undefined ? undefined : endOf(oldest);
    if (end === undefined || end.atMs >= floorMs || continues(periods[gone + 1], end.atMs)) break;
    gone += 1;
  }
  return gone;
}

function continues(next: Period | undefined, endMs: number): boolean {
  return next?.start !== undefined && next.start.atMs <= endMs;
}

/** Sorted; each once. */
function momentsOf(periods: readonly Period[]): readonly number[] {
  const moments = periods.flatMap(({ start, joinedEnd, left, rows, suspensions }) =>
    [start, joinedEnd, left, ...rows, ...suspensions].flatMap((one) =>
      one === undefined ? [] : [one.atMs],
    ),
  );
  return [...new Set(moments)].sort((one, other) => one - other);
}

/** What is dated after its end does not count at the end: it is kept, since the end may be moved. */
function trimPeriod(period: Period, floorMs: number): Period {
  const cutoffMs = Math.min(floorMs, endOf(period)?.atMs ?? floorMs);
  return {
    ...period,
    rows: trimRows(period, cutoffMs),
    suspensions: trimSuspensions(period.suspensions, cutoffMs),
  };
}

/** Keeps of each name the last value before the cutoff. Rows of a full statement are kept: they come from one fact. */
function trimRows(period: Period, cutoffMs: number): readonly Row[] {
  const old = period.rows.filter((row) => isAlone(row) && row.atMs < cutoffMs);
  const last = new Map<string, Row>();
  for (const row of old.toSorted((one, other) => one.atMs - other.atMs)) {
    for (const name of countingNames(row, period)) last.set(name, row);
  }
  return period.rows.flatMap((row) => {
    if (!isAlone(row) || row.atMs >= cutoffMs) return [row];
    const names = Object.keys(row.attributes).filter((name) => last.get(name) === row);
    if (names.length === 0) return [];
    return [{ ...row, attributes: pick(row.attributes, names) }];
  });
}

/** What came with the start overrides rows up to it that were stated before. */
function countingNames({ attributes, atMs, beforeStart }: Row, { start, base }: Period): string[] {
  const names = Object.keys(attributes);
  const isOverridden = beforeStart && start !== undefined && atMs <= start.atMs;
  return isOverridden ? names.filter((name) => !Object.hasOwn(base, name)) : names;
}

function pick(attributes: KnownAttributes, names: readonly string[]): KnownAttributes {
  if (names.length === Object.keys(attributes).length) return attributes;
  return Object.fromEntries(names.map((name) => [name, attributes[name] ?? null]));
}

/** Keeps the last change before the cutoff, and what it changed. */
function trimSuspensions(
  suspensions: readonly Suspension[],
  cutoffMs: number,
): readonly Suspension[] {
  const old = suspensions
    .filter(({ atMs }) => atMs < cutoffMs)
    .toSorted((one, other) => one.atMs - other.atMs);
  const last = old.at(-1);
  if (last === undefined) return suspensions;
  const before = old.findLastIndex(({ suspended }) => suspended !== last.suspended);
  const kept = new Set([old[before], old[before + 1]]);
  return suspensions.filter((one) => one.atMs >= cutoffMs || kept.has(one));
}

/** Whether a row neither belongs to a full statement nor may repeat a start: which values are equal depends on the policy. */
function isAlone({ index, withStart }: Row): boolean {
  return index === undefined && withStart !== true;
}

function keyOf({ row }: Row): string | undefined {
  return row;
}
