import { type KnownAttributes } from '../../policy/attribute.ts';
import { type Period, type Suspension } from '../periods.ts';
import { type Head, type HeadPeriod, type HeadRow, isGroup } from './head.ts';

/*
 * JSON of a head: {v, n, l?, t?, e?, f?, i, p}. `i` lists the events, without the source that all have in common; others
 * name them by their index. A period is [start, base, joinedEnd, left, rows, suspensions], absent ones are 0; attributes
 * that are read from their fact are 1.
 */

const VERSION = 1;

type BoundText = 0 | readonly [number, number];
type LeftText = 0 | readonly [number, number, number | null, 0 | 1];
type AttributesText = 0 | 1 | KnownAttributes;
/**
 * A row: moment, event, before the start (1) or with it (2), attributes, key, index. Of a full statement: from, to, event, before
 * the start.
 */
type RowText =
  | readonly [number, number, 0 | 1 | 2, AttributesText, (string | null)?, (number | null)?]
  | readonly [readonly [number, number], number, 0 | 1];
type SuspensionText = readonly [number, number, 0 | 1];
type PeriodText = readonly [
  BoundText,
  AttributesText,
  BoundText,
  LeftText,
  readonly RowText[],
  readonly SuspensionText[],
];

interface HeadText {
  readonly v: number;
  readonly n: number;
  readonly l?: string;
  readonly t?: string;
  readonly e?: number;
  readonly f?: number;
  readonly i: readonly string[];
  readonly p: readonly PeriodText[];
}

/** The text of a head, of any length. */
export function writeHead(head: Head, source: string): string {
  const ids = new Map<string, number>();
  const idOf = (by: string): number => {
    const known = ids.get(by);
    if (known !== undefined) return known;
    ids.set(by, ids.size);
    return ids.size - 1;
  };
  const { count, lastTie, tie, effort, floorMs, periods } = head;
  const text: HeadText = {
    v: VERSION,
    n: count,
    ...(lastTie === undefined ? {} : { l: lastTie.toString() }),
    ...(tie === undefined ? {} : { t: tie.toString() }),
    ...(effort === 0 ? {} : { e: effort }),
    ...(floorMs === undefined ? {} : { f: floorMs }),
    p: periods.map((period) => writePeriod(period, idOf)),
    i: [...ids.keys()].map((id) => id.slice(source.length + 1)),
  };
  return JSON.stringify(text);
}

/**
 * Reads a text that `writeHead` made.
 *
 * @throws RangeError for a version that this code does not know
 */
export function readHead(throughOrder: bigint, text: string, source: string): Head {
  const { v, n, l, t, e, f, i, p } = JSON.parse(text) as HeadText;
  if (v !== VERSION) throw new RangeError(`a checkpoint of version ${String(v)} is not known`);
  const ids = i.map((id) => `${source}#${id}`);
  return {
    throughOrder,
    count: n,
    lastTie: l === undefined ? undefined : BigInt(l),
    tie: t === undefined ? undefined : BigInt(t),
    effort: e ?? 0,
    floorMs: f,
    periods: p.map((period) => readPeriod(period, ids)),
  };
}

type IdOf = (by: string) => number;

function writePeriod(period: HeadPeriod, idOf: IdOf): PeriodText {
  const { start, base, joinedEnd, left, rows, suspensions } = period;
  return [
    writeBound(start, idOf),
    writeAttributes(base),
    writeBound(joinedEnd, idOf),
    left === undefined
      ? 0
      : [left.atMs, idOf(left.by), left.accessEndMs ?? null, left.immediate ? 1 : 0],
    rows.map((row) => writeRow(row, idOf)),
    suspensions.map(({ atMs, by, suspended }) => [atMs, idOf(by), suspended ? 1 : 0]),
  ];
}

function writeBound(bound: Period['start'], idOf: IdOf): BoundText {
  return bound === undefined ? 0 : [bound.atMs, idOf(bound.by)];
}

function writeAttributes(attributes: HeadPeriod['base']): AttributesText {
  if (attributes === undefined) return 1;
  return Object.keys(attributes).length === 0 ? 0 : attributes;
}

function writeRow(row: HeadRow, idOf: IdOf): RowText {
  if (isGroup(row)) return [[row.from, row.to], idOf(row.by), row.beforeStart ? 1 : 0];
  const { atMs, by, attributes, row: key, index } = row;
  const place = row.beforeStart ? 1 : row.withStart === true ? 2 : 0;
  const text = [atMs, idOf(by), place, writeAttributes(attributes)] as const;
  if (index !== undefined) return [...text, key ?? null, index];
  return key === undefined ? text : [...text, key];
}

function readPeriod(text: PeriodText, ids: readonly string[]): HeadPeriod {
  const [start, base, joinedEnd, left, rows, suspensions] = text;
  return {
    start: readBound(start, ids),
    base: readAttributes(base),
    joinedEnd: readBound(joinedEnd, ids),
    left:
      left === 0
        ? undefined
        : {
            atMs: left[0],
            by: nth(ids, left[1]),
            accessEndMs: left[2] ?? undefined,
            immediate: left[3] === 1,
          },
    rows: rows.map((row) => readRow(row, ids)),
    suspensions: suspensions.map(
      ([atMs, by, suspended]): Suspension => ({
        atMs,
        by: nth(ids, by),
        suspended: suspended === 1,
      }),
    ),
  };
}

function readBound(bound: BoundText, ids: readonly string[]): Period['start'] {
  return bound === 0 ? undefined : { atMs: bound[0], by: nth(ids, bound[1]) };
}

function readAttributes(text: AttributesText): HeadPeriod['base'] {
  if (text === 1) return undefined;
  return text === 0 ? {} : text;
}

function readRow(text: RowText, ids: readonly string[]): HeadRow {
  if (isGroupText(text)) {
    const [[from, to], by, beforeStart] = text;
    return { from, to, by: nth(ids, by), beforeStart: beforeStart === 1 };
  }
  const [atMs, by, place, attributes, key, index] = text;
  return {
    atMs,
    by: nth(ids, by),
    beforeStart: place === 1,
    withStart: place === 2 ? true : undefined,
    attributes: readAttributes(attributes),
    row: key ?? undefined,
    index: index ?? undefined,
  };
}

function isGroupText(
  text: RowText,
): text is Extract<RowText, readonly [readonly number[], ...unknown[]]> {
  return Array.isArray(text[0]);
}

function nth(ids: readonly string[], index: number): string {
  const id = ids[index];
  if (id === undefined) throw new RangeError('a checkpoint names an event that it does not list');
  return id;
}
