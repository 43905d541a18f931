import { canonicalJson } from '@latchkey/contracts';
import { type KnownAttributes } from '../policy/attribute.ts';
import { type Period, type Row, type Suspension } from './periods.ts';

/** The periods of an engagement if its statements are read in one of the orders that they allow. */
export type Reading = readonly Period[];

/** Work spent on following several readings; counted up to a limit, so that reading always ends. */
export interface Effort {
  /** In rows and suspensions that were copied. */
  spent: number;
}

const EFFORT_MAX_COUNT = 1_000_000;
/** How many times longer it takes to compare a row than to copy it. */
const COMPARED_COUNT = 8;

export function spend(effort: Effort, reading: Reading): void {
  effort.spent += 1 + sizeOf(reading);
}

export function isExhausted({ spent }: Effort): boolean {
  return spent > EFFORT_MAX_COUNT;
}

/** Equal for readings that stay equal after any later statement. Event ids make no difference. */
export function keyOfReading(reading: Reading, effort: Effort): string {
  effort.spent += COMPARED_COUNT * (1 + sizeOf(reading));
  return JSON.stringify(reading.map(keyOfPeriod));
}

function sizeOf(reading: Reading): number {
  return reading.reduce((sum, { rows, suspensions }) => sum + rows.length + suspensions.length, 0);
}

function keyOfPeriod({ start, base, joinedEnd, left, rows, suspensions }: Period): unknown {
  return [
    start?.atMs,
    textOf(base),
    joinedEnd?.atMs,
    left === undefined ? null : [left.atMs, left.accessEndMs, left.immediate],
    keyOfRows(rows, start?.atMs ?? Number.NEGATIVE_INFINITY),
    keyOfSuspensions(suspensions),
  ];
}

/** Of one moment the order counts only where rows state the same name. */
function keyOfRows(rows: readonly Row[], startMs: number): unknown {
  const moments = Map.groupBy(rows, ({ atMs }) => atMs);
  return sortedByMoment(moments).map(([atMs, own]) => {
    const texts = own.map(({ row, beforeStart, withStart, attributes }) => {
      const place = atMs <= startMs && (beforeStart || (withStart === true && 'with'));
      return JSON.stringify([row, place, textOf(attributes)]);
    });
    return [atMs, haveDifferentNames(own) ? texts.sort() : texts];
  });
}

function haveDifferentNames(rows: readonly Row[]): boolean {
  if (rows.length === 1) return true;
  const names = rows.flatMap(({ attributes }) => Object.keys(attributes));
  return new Set(names).size === names.length;
}

/** Of one moment the newest of each kind counts. */
function keyOfSuspensions(suspensions: readonly Suspension[]): unknown {
  const moments = Map.groupBy(suspensions, ({ atMs }) => atMs);
  return sortedByMoment(moments).map(([atMs, own]) => {
    const newestFirst = own.map(({ suspended }) => suspended).reverse();
    return [atMs, [...new Set(newestFirst)]];
  });
}

function sortedByMoment<T>(moments: ReadonlyMap<number, readonly T[]>) {
  return [...moments].sort(([one], [other]) => one - other);
}

function textOf(attributes: KnownAttributes): string {
  const known = texts.get(attributes);
  if (known !== undefined) return known;
  const text = canonicalJson(attributes);
  texts.set(attributes, text);
  return text;
}

/** Readings share the attributes of the statements that they are read from. */
const texts = new WeakMap<KnownAttributes, string>();
