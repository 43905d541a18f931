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
  /** The source's key of the row; `undefined` if it stands for itself. */
  readonly row: string | undefined;
  readonly by: string;
}

export interface Suspension extends Bound {
  readonly suspended: boolean;
}

/** One stretch of an engagement, from a start to an end; either may be unknown. */
export interface Period {
  readonly start: Bound | undefined;
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

/** What the statements of one engagement say together, read in the order given; the latest period is the last. */
export function foldPeriods(statements: readonly Statement[]): readonly Period[] {
  let periods: readonly Period[] = [];
  for (const statement of statements) periods = readStatement(periods, statement);
  return periods;
}

/** Where a period is over: the earlier of its two ends; `undefined` if none is known. */
export function endOf(period: Period): Bound | undefined {
  const { joinedEnd, left } = period;
  if (joinedEnd === undefined) return left;
  return left !== undefined && left.atMs <= joinedEnd.atMs ? left : joinedEnd;
}

/** What periods say after one more statement behind all that they were read from. */
export function readStatement(periods: readonly Period[], statement: Statement): readonly Period[] {
  switch (statement.kind) {
    case 'joined':
      return join(periods, statement);
    case 'moved':
      return change(periods, (latest) => ({ ...latest, rows: replaceRow(latest.rows, statement) }));
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
      return [state(periods.at(-1) ?? EMPTY, statement)];
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
    start: { atMs: joined.startMs, by: joined.eventId },
    base: joined.attributes,
    joinedEnd: boundOf(joined.endMs, joined.eventId),
  });
  const latest = periods.at(-1);
  return latest !== undefined && startsAnew(latest, joined.startMs)
    ? [...periods, started(EMPTY)]
    : change(periods, started);
}

/** A start corrects the latest period unless a `left` ended that one before it. */
function startsAnew(latest: Period, startMs: number): boolean {
  return latest.left !== undefined && startMs >= latest.left.atMs;
}

function replaceRow(rows: readonly Row[], moved: StatementOf<'moved'>): readonly Row[] {
  const { row, atMs, attributes, eventId } = moved;
  const others = row === undefined ? rows : rows.filter((other) => other.row !== row);
  return [...others, { row, atMs, attributes, by: eventId }];
}

function suspensionOf(statement: StatementOf<'suspended' | 'resumed'>): Suspension {
  return {
    atMs: statement.atMs,
    by: statement.eventId,
    suspended: statement.kind === 'suspended',
  };
}

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
  return periods.map((period, at) =>
    at === latest || runsAt(period, left.endMs) ? ended(period) : period,
  );
}

function runsAt(period: Period, atMs: number): boolean {
  if (period.start === undefined || atMs < period.start.atMs) return false;
  const end = endOf(period);
  return end === undefined || atMs < end.atMs;
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
 * its end confirms `immediate` and `accessEndsAt`; but a start after that end begins anew, as with `joined`.
 */
function state(latest: Period, stated: StatementOf<'stated'>): Period {
  const kept = startsAnew(latest, stated.startMs) ? EMPTY : latest;
  const end = boundOf(stated.endMs, stated.eventId);
  return {
    start: { atMs: stated.startMs, by: stated.eventId },
    base: {},
    joinedEnd: kept.left === undefined ? end : undefined,
    left: kept.left === undefined || end === undefined ? undefined : confirmEnd(kept.left, end),
    rows: stated.rows.map((row) => ({ ...row, row: undefined, by: stated.eventId })),
    suspensions: kept.suspensions,
  };
}

function confirmEnd(left: LeftEnd, end: Bound): LeftEnd {
  return {
    ...end,
    accessEndMs: left.atMs === end.atMs ? left.accessEndMs : undefined,
    immediate: left.immediate,
  };
}

function boundOf(atMs: number | undefined, by: string): Bound | undefined {
  return atMs === undefined ? undefined : { atMs, by };
}
