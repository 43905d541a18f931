import { type ReadBefore } from '../engagement.ts';
import { type Period, type Row } from '../periods.ts';
import { isPlain, type ReadingSet, readOn, readThrough, tiedGroups } from '../readings.ts';
import { type Statement } from '../statement.ts';
import { changesTrimmed, earliestChange } from './changes-trimmed.ts';
import { HEAD_MAX_BYTES, type Head, type HeadPeriod, type HeadRow, referredBy } from './head.ts';
import { writeHead } from './head-text.ts';
import { hasDigest } from './raw-attributes.ts';
import { type Trimmed, trimBelow, trimPeriods } from './trim.ts';

/** Facts of an engagement without regard to a policy: those in its head, and those above. */
export interface RawEngagement {
  readonly source: string;
  readonly before: ReadBefore;
  /** Of the head. */
  readonly floorMs: number | undefined;
  /** In the source's order, without repetitions. */
  readonly statements: readonly Statement[];
}

/** A head to be stored. */
export interface AdvancedHead {
  readonly throughOrder: bigint;
  /** At most `HEAD_MAX_BYTES`. */
  readonly text: string;
  /** Event ids of the facts that it refers to; sorted. */
  readonly referred: readonly string[];
  /** Keys of rows that were trimmed from it now; sorted. */
  readonly trimmedKeys: readonly string[];
}

/**
 * The head with more of the facts above it, but not the newest ones: others may still be tied with them. It ends before
 * facts that can be read in several ways. `undefined`: it cannot be advanced, or does not fit.
 */
export function advanceHead(raw: RawEngagement, nowMs: number): AdvancedHead | undefined {
  const groups = tiedGroups(raw.statements);
  const certain = lastCertain(raw, groups);
  if (certain === undefined) return undefined;
  const { reading, read } = certain;
  const [periods = []] = reading.readings;
  const order = read.at(-1)?.order ?? -1n;
  const tied = read.findLast(({ order: one }, at) => read[at - 1]?.order === one);
  const state = {
    throughOrder: order,
    count: raw.before.count + read.length,
    lastTie: tied?.order ?? raw.before.lastTie,
    tie: reading.tie,
    effort: reading.effort,
  };
  return fitted(state, periods, raw, nowMs);
}

interface Certain {
  readonly reading: ReadingSet;
  readonly read: readonly Statement[];
}

/** The reading of the longest beginning, without the newest group, of which there is only one reading. */
function lastCertain(
  { before, statements }: RawEngagement,
  groups: readonly (readonly Statement[])[],
): Certain | undefined {
  let reading = before.reading;
  let count = 0;
  let certain: Certain | undefined;
  for (const group of groups.slice(0, -1)) {
    count += group.length;
    const replaces = group.length === 1 && group[0]?.kind === 'stated' && !isPlain(reading);
    const read = statements.slice(0, count);
    reading = replaces ? readThrough(read, before.reading).all : readOn(reading, group);
    if (reading.readings.length === 1 && !reading.tooMany) certain = { reading, read };
  }
  return certain;
}

type HeadState = Omit<Head, 'periods' | 'floorMs'>;

/** Tries what keeps most: all rows, then fewer of the old ones, then large attributes by reference. */
function fitted(
  state: HeadState,
  periods: readonly Period[],
  raw: RawEngagement,
  nowMs: number,
): AdvancedHead | undefined {
  const above = raw.statements.filter(({ order }) => order > state.throughOrder);
  for (const { periods: kept, floorMs, keys } of trimmings(periods, above, nowMs)) {
    const trimmedKeys = new Set(keys);
    for (const inline of [true, false]) {
      const head: Head = {
        ...state,
        floorMs: later(raw.floorMs, floorMs),
        periods: kept.map((period) => headPeriod(period, inline)),
      };
      if (above.some((statement) => changesTrimmed(statement, head, trimmedKeys))) continue;
      const text = writeHead(head, raw.source);
      if (Buffer.byteLength(text) > HEAD_MAX_BYTES) continue;
      return {
        throughOrder: state.throughOrder,
        text,
        referred: referredBy(head),
        trimmedKeys: keys,
      };
    }
  }
  return undefined;
}

/** Nothing is trimmed that statements above the head change. */
function trimmings(
  periods: readonly Period[],
  above: readonly Statement[],
  nowMs: number,
): readonly Trimmed[] {
  const limitMs = Math.min(nowMs, ...above.map(earliestChange));
  const recent = trimPeriods(periods, limitMs);
  return recent.floorMs === undefined ? [recent] : [recent, trimBelow(periods, limitMs)];
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

function headPeriod({ base, rows, ...period }: Period, inline: boolean): HeadPeriod {
  return {
    ...period,
    base: isInline(base, inline) ? base : undefined,
    rows: joinGroups(rows.map((row) => headRow(row, inline))),
  };
}

/** A row of a full statement is a group of one, to be joined with its neighbours. */
function headRow(row: Row, inline: boolean): HeadRow {
  const { attributes, by, index, beforeStart } = row;
  if (isInline(attributes, inline)) return row;
  if (index === undefined) return { ...row, attributes: undefined };
  return { by, from: index, to: index, beforeStart };
}

/** Texts of this length and more are not worth a place in a head that is too large. */
const INLINE_MAX_CHARACTERS = 64;

function isInline(attributes: Row['attributes'], inline: boolean): boolean {
  if (hasDigest(attributes)) return false;
  return inline || JSON.stringify(attributes).length < INLINE_MAX_CHARACTERS;
}

function joinGroups(rows: readonly HeadRow[]): readonly HeadRow[] {
  const joined: HeadRow[] = [];
  for (const row of rows) {
    const before = joined.at(-1);
    if (
      before !== undefined &&
      'from' in before &&
      'from' in row &&
      before.by === row.by &&
      before.to + 1 === row.from &&
      before.beforeStart === row.beforeStart
    ) {
      joined[joined.length - 1] = { ...before, to: row.to };
    } else joined.push(row);
  }
  return joined;
}
