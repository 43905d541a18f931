import { type KnownAttributes } from '../policy/attribute.ts';
import { type DatedAttributes, type Rescinds, type Statement } from './statement.ts';

/** A date of a period, and the event that set it. */
interface Bound {
  readonly atMs: number;
  readonly by: string;
}

interface LeftEnd extends Bound {
  readonly accessEndMs: number | undefined;
  readonly immediate: boolean;
}

export interface Row extends DatedAttributes {
  /** The source's key of the row; `undefined` if it has none. */
  readonly row: string | undefined;
  readonly by: string;
  /** Its place in the full statement that it came with; `undefined`: it was stated by itself. */
  readonly index?: number | undefined;
  /** Stated before the attributes that came with the start of its period, which override it up to that start. */
  readonly beforeStart: boolean;
  /**
   * Stated at the same place in the source's order as the start of its period. Where it repeats what came with the start it counts as
   * stated before it, in whichever order both are read.
   */
  readonly withStart?: boolean | undefined;
}

export interface Suspension extends Bound {
  readonly suspended: boolean;
}

/** One stretch of an engagement, from a start to an end; either may be unknown. */
export interface Period {
  /** Its place in the source's order is known while statements with the same one are read. */
  readonly start: (Bound & { readonly order?: bigint }) | undefined;
  /** Attributes that came with the start. */
  readonly base: KnownAttributes;
  /** The end that came with the start. */
  readonly joinedEnd: Bound | undefined;
  /** The end that a `left` set. */
  readonly left: LeftEnd | undefined;
  /** In the source's order, not by date. */
  readonly rows: readonly Row[];
  readonly suspensions: readonly Suspension[];
}

const EMPTY: Period = {
  start: undefined,
  base: {},
  joinedEnd: undefined,
  left: undefined,
  rows: [],
  suspensions: [],
};

/**
 * The periods of the statements of one engagement, read in the order given; the latest period is the last.
 *
 * @param known - the periods of older ones
 */
export function foldPeriods(
  statements: readonly Statement[],
  known: readonly Period[] = [],
): readonly Period[] {
  let periods = known;
  for (const statement of statements) periods = readStatement(periods, statement);
  return periods;
}

/** Whether a period runs at a moment; at its end it does not any more. */
export function runsAt(period: Period, atMs: number): boolean {
  const end = endOf(period);
  return startedBy(period, atMs) && (end === undefined || atMs < end.atMs);
}

/** Where a period is over: the earlier of its two ends; `undefined` if none is known. */
export function endOf(period: Period): Bound | undefined {
  const { joinedEnd, left } = period;
  if (joinedEnd === undefined) return left;
  return left !== undefined && left.atMs <= joinedEnd.atMs ? left : joinedEnd;
}

/** The periods after one more statement, which is newer than all that they were read from. */
export function readStatement(periods: readonly Period[], statement: Statement): readonly Period[] {
  switch (statement.kind) {
    case 'joined':
      return join(periods, statement);
    case 'moved':
      return change(periods, (latest) => ({ ...latest, rows: replaceRow(latest, statement) }));
    case 'left':
      return leave(periods, statement);
    case 'suspended':
    case 'resumed':
      return change(periods, (latest) => ({
        ...latest,
        suspensions: [...latest.suspensions, suspensionOf(statement)],
      }));
    case 'rescinded':
      return rescind(periods, statement.rescinds);
    case 'stated':
      return [state(periods, statement)];
  }
}

type StatementOf<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>;

/** Changes the latest period; the first fact of an engagement makes one. */
function change(periods: readonly Period[], edit: (latest: Period) => Period): readonly Period[] {
  return periods.length === 0
    ? [edit(EMPTY)]
    : periods.with(periods.length - 1, edit(periods[periods.length - 1] ?? EMPTY));
}

function join(periods: readonly Period[], joined: StatementOf<'joined'>): readonly Period[] {
  const started = (period: Period): Period => ({
    ...period,
    start: { atMs: joined.startMs, by: joined.eventId, order: joined.order },
    base: joined.attributes,
    joinedEnd: boundOf(joined.endMs, joined.eventId),
    rows: period.rows.map((row) =>
      row.beforeStart ? row : { ...row, beforeStart: true, withStart: undefined },
    ),
  });
  const latest = periods.at(-1);
  return latest !== undefined && opensPeriod(latest, joined.startMs)
    ? [...periods, started(EMPTY)]
    : change(periods, started);
}

/** A start corrects the latest period unless a `left` ended that one before it. */
function opensPeriod(latest: Period, startMs: number): boolean {
  return latest.left !== undefined && startMs >= latest.left.atMs;
}

function replaceRow({ rows, start }: Period, moved: StatementOf<'moved'>): readonly Row[] {
  const { row, atMs, attributes, eventId, order } = moved;
  const others = row === undefined ? rows : rows.filter((other) => other.row !== row);
  const withStart = start?.order === order ? true : undefined;
  return [...others, { row, atMs, attributes, by: eventId, beforeStart: false, withStart }];
}

function suspensionOf(statement: StatementOf<'suspended' | 'resumed'>): Suspension {
  return {
    atMs: statement.atMs,
    by: statement.eventId,
    suspended: statement.kind === 'suspended',
  };
}

/** `immediate` is about every period that is known: the others keep their dates, and have no access any more. */
function leave(periods: readonly Period[], left: StatementOf<'left'>): readonly Period[] {
  const ended = (period: Period): Period => ({
    ...period,
    left: {
      atMs: left.endMs,
      by: left.eventId,
      accessEndMs: left.accessEndMs,
      immediate: left.immediate || period.left?.immediate === true,
    },
  });
  if (periods.length === 0) return [ended(EMPTY)];
  const latest = periods.length - 1;
  return periods.map((period, at) => {
    if (at === latest || isEndedBy(period, left.endMs)) return ended(period);
    // Another period has begun after it, so that it has an end.
    return left.immediate && period.left !== undefined
      ? { ...period, left: { ...period.left, immediate: true } }
      : period;
  });
}

/** It runs at the date of a `left`, or ends exactly then. */
function isEndedBy(period: Period, atMs: number): boolean {
  const end = endOf(period);
  return startedBy(period, atMs) && (end === undefined || atMs <= end.atMs);
}

function startedBy({ start }: Period, atMs: number): boolean {
  return start !== undefined && start.atMs <= atMs;
}

function rescind(periods: readonly Period[], rescinds: Rescinds): readonly Period[] {
  if (periods.length === 0) return periods;
  return change(periods, (latest) => withdraw(latest, rescinds));
}

function withdraw(latest: Period, rescinds: Rescinds): Period {
  if (rescinds === 'start') return { ...latest, start: undefined, base: {} };
  if (rescinds === 'end') return { ...latest, left: undefined };
  if ('row' in rescinds) {
    return { ...latest, rows: latest.rows.filter(({ row }) => row !== rescinds.row) };
  }
  const { kind, atMs } = rescinds;
  if (kind === 'moved') {
    return {
      ...latest,
      rows: latest.rows.filter((row) => row.row !== undefined || row.atMs !== atMs),
    };
  }
  const suspended = kind === 'suspended';
  return {
    ...latest,
    suspensions: latest.suspensions.filter((s) => s.suspended !== suspended || s.atMs !== atMs),
  };
}

/**
 * Everything known of the engagement. What `stated` has no field for stays: suspensions, and of a `left` that
 * its end confirms `immediate` and `accessEndsAt`; but a start after that end opens a new period, as with `joined`.
 */
function state(periods: readonly Period[], stated: StatementOf<'stated'>): Period {
  const latest = periods.at(-1) ?? EMPTY;
  const isNew = opensPeriod(latest, stated.startMs);
  const end = boundOf(stated.endMs, stated.eventId);
  const left = isNew || end === undefined ? undefined : confirmedEnd(periods, end);
  return {
    start: { atMs: stated.startMs, by: stated.eventId },
    base: {},
    joinedEnd: left === undefined ? end : undefined,
    left,
    rows: stated.rows.map((row, index) => ({
      ...row,
      row: undefined,
      by: stated.eventId,
      index,
      beforeStart: false,
    })),
    suspensions: isNew ? [] : latest.suspensions,
  };
}

/**
 * The end as a `left` set it: that of the latest period, though it has moved, or one of an earlier period at
 * exactly this date. `undefined`: no `left` did.
 */
function confirmedEnd(periods: readonly Period[], end: Bound): LeftEnd | undefined {
  const latest = periods.at(-1)?.left;
  const same = periods.map(({ left }) => left).filter((left) => left?.atMs === end.atMs);
  if (latest === undefined && same.length === 0) return undefined;
  return {
    ...end,
    accessEndMs: same.at(-1)?.accessEndMs,
    immediate: [...same, latest].some((left) => left?.immediate === true),
  };
}

function boundOf(atMs: number | undefined, by: string): Bound | undefined {
  return atMs === undefined ? undefined : { atMs, by };
}
