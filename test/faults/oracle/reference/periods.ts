import type {
  Attributes,
  JoinedData,
  LeftData,
  MovedData,
  RescindedData,
  StatedData,
  SuspendedData,
} from '@latchkey/contracts';
import { endMillisecondsOf, millisecondsOf } from './moment.ts';

/** A fact of a source about an engagement. `order` is its order in the source. */
export type EngagementFact = { readonly order: bigint } & (
  | { readonly kind: 'joined'; readonly data: JoinedData }
  | { readonly kind: 'moved'; readonly data: MovedData }
  | { readonly kind: 'left'; readonly data: LeftData }
  | { readonly kind: 'suspended' | 'resumed'; readonly data: SuspendedData }
  | { readonly kind: 'rescinded'; readonly data: RescindedData }
  | { readonly kind: 'stated'; readonly data: StatedData }
);

/** Attributes from a moment on. */
interface Row {
  readonly fact: string | undefined;
  readonly fromMs: number;
  /** Number of facts before it in the source's order. */
  readonly place: number;
  /** Of its fact. */
  readonly order: bigint;
  readonly attributes: Attributes;
}

interface Pause {
  readonly kind: 'suspended' | 'resumed';
  readonly fromMs: number;
}

interface End {
  readonly atMs: number;
  readonly accessMs: number;
  readonly immediate: boolean;
}

export interface Period {
  readonly start?: Row | undefined;
  /** The `endsAt` that came with the start. */
  readonly plannedEndMs?: number | undefined;
  /** Set by `left`. */
  readonly end?: End | undefined;
  readonly rows: readonly Row[];
  readonly pauses: readonly Pause[];
}

const EMPTY: Period = { rows: [], pauses: [] };

/** Folds facts in the given order. The latest period is the last. */
export function foldFacts(facts: readonly EngagementFact[]): readonly Period[] {
  return facts.reduce<readonly Period[]>(withFact, [EMPTY]);
}

/** State of an engagement in one reading. */
export interface Reading {
  readonly runs: boolean;
  readonly hasAccess: boolean;
  readonly isSuspended: boolean;
  readonly isAhead: boolean;
  /** Sorted by name. */
  readonly attributes: Attributes;
}

/** Reads the periods at a moment. */
export function readAt(periods: readonly Period[], nowMs: number): Reading {
  const running = periods.findLast((period) => runsAt(period, nowMs));
  if (running === undefined) {
    const isAhead = periods.some((period) => {
      const startMs = period.start?.fromMs ?? -Infinity;
      return startMs > nowMs && endMs(period) > startMs;
    });
    return { runs: false, hasAccess: false, isSuspended: false, isAhead, attributes: {} };
  }
  const { end } = running;
  return {
    runs: true,
    hasAccess: end?.immediate !== true && nowMs < (end?.accessMs ?? Infinity),
    isSuspended: isPausedAt(running, nowMs),
    isAhead: false,
    attributes: attributesAt(running, nowMs),
  };
}

function withFact(
  periods: readonly Period[],
  fact: EngagementFact,
  place: number,
): readonly Period[] {
  const latest = periods.at(-1) ?? EMPTY;
  const past = periods.slice(0, -1);
  switch (fact.kind) {
    case 'joined':
      return withJoined(periods, fact.data, { place, order: fact.order });
    case 'left':
      return withLeft(periods, fact.data);
    case 'moved':
      return [
        ...past,
        { ...latest, rows: withRow(latest.rows, fact.data, { place, order: fact.order }) },
      ];
    case 'suspended':
    case 'resumed': {
      const pause = { kind: fact.kind, fromMs: millisecondsOf(fact.data.effectiveAt) };
      return [...past, { ...latest, pauses: [...latest.pauses, pause] }];
    }
    case 'rescinded':
      return [...past, without(latest, fact.data.rescinds)];
    case 'stated':
      return [stated(periods, fact.data, { place, order: fact.order })];
  }
}

function withJoined(
  periods: readonly Period[],
  data: JoinedData,
  at: Pick<Row, 'place' | 'order'>,
): readonly Period[] {
  const fromMs = millisecondsOf(data.startsAt);
  const latest = periods.at(-1) ?? EMPTY;
  const opens = latest.end !== undefined && fromMs >= latest.end.atMs;
  const begun = {
    ...(opens ? EMPTY : latest),
    start: { fact: undefined, fromMs, ...at, attributes: data.attributes },
    plannedEndMs: optionalMs(data.endsAt),
  };
  return [...(opens ? periods : periods.slice(0, -1)), begun];
}

/**
 * Ends every period that runs at the date or ends exactly then, and always the latest. `immediate` ends the
 * access of all periods and is never undone by a later `left`.
 */
function withLeft(periods: readonly Period[], data: LeftData): readonly Period[] {
  const atMs = endMillisecondsOf(data.endsAt);
  const accessMs = optionalMs(data.accessEndsAt) ?? Infinity;
  return periods.map((period, index) => {
    const immediate = data.immediate === true || period.end?.immediate === true;
    const ends = runsAt(period, atMs) || endMs(period) === atMs || index === periods.length - 1;
    if (ends) return { ...period, end: { atMs, accessMs, immediate } };
    return period.end === undefined ? period : { ...period, end: { ...period.end, immediate } };
  });
}

function withRow(
  rows: readonly Row[],
  data: MovedData,
  at: Pick<Row, 'place' | 'order'>,
): readonly Row[] {
  const { fact, attributes } = data;
  const others = rows.filter((row) => fact === undefined || row.fact !== fact);
  return [...others, { fact, fromMs: millisecondsOf(data.effectiveAt), ...at, attributes }];
}

function without(period: Period, what: RescindedData['rescinds']): Period {
  if (what === 'start') return { ...period, start: undefined, plannedEndMs: undefined };
  if (what === 'end') return { ...period, end: undefined };
  if (what.fact !== undefined) {
    return { ...period, rows: period.rows.filter(({ fact }) => fact !== what.fact) };
  }
  const { kind, effectiveAt } = what as { kind: string; effectiveAt: LeftData['endsAt'] };
  const fromMs = millisecondsOf(effectiveAt);
  return {
    ...period,
    rows: period.rows.filter(
      (row) => !(kind === 'moved' && row.fact === undefined && row.fromMs === fromMs),
    ),
    pauses: period.pauses.filter((pause) => !(pause.kind === kind && pause.fromMs === fromMs)),
  };
}

/** Replaces all periods. Pauses, and details of a confirmed end, are kept unless a new period begins. */
function stated(
  periods: readonly Period[],
  data: StatedData,
  at: Pick<Row, 'place' | 'order'>,
): Period {
  const latest = periods.at(-1) ?? EMPTY;
  const fromMs = millisecondsOf(data.startsAt);
  const atMs = optionalMs(data.endsAt);
  const opens = latest.end !== undefined && fromMs >= latest.end.atMs;
  const end = opens || atMs === undefined ? undefined : confirmedEnd(periods, atMs);
  return {
    start: { fact: undefined, fromMs, ...at, attributes: {} },
    plannedEndMs: end === undefined ? atMs : undefined,
    end,
    rows: data.timeline.map(({ from, attributes }) => {
      return { fact: undefined, fromMs: millisecondsOf(from), ...at, attributes };
    }),
    pauses: opens ? [] : latest.pauses,
  };
}

/**
 * The end of a `left` that is stated again. `immediate` is kept, also if the date of the latest end has moved;
 * `accessEndsAt` is kept if the date is the same.
 */
function confirmedEnd(periods: readonly Period[], atMs: number): End | undefined {
  const ends = periods.flatMap(({ end }) => end ?? []);
  const latest = periods.at(-1)?.end;
  const confirmed = ends.filter((end) => end.atMs === atMs || end === latest);
  if (confirmed.length === 0) return undefined;
  const same = ends.findLast((end) => end.atMs === atMs);
  const immediate = confirmed.some((end) => end.immediate);
  return { atMs, accessMs: same?.accessMs ?? Infinity, immediate };
}

/** The earlier of both ends. */
function endMs({ plannedEndMs = Infinity, end }: Period): number {
  return Math.min(plannedEndMs, end?.atMs ?? Infinity);
}

function runsAt(period: Period, atMs: number): boolean {
  return period.start !== undefined && period.start.fromMs <= atMs && atMs < endMs(period);
}

function isPausedAt({ pauses }: Period, nowMs: number): boolean {
  const current = pauses
    .filter(({ fromMs }) => fromMs <= nowMs)
    .toSorted((a, b) => a.fromMs - b.fromMs) // stable: at one moment the newer is last
    .at(-1);
  return current?.kind === 'suspended';
}

/**
 * Merges rows by date, and rows of the same date in the source's order. Attributes of the start override, name by
 * name, rows that are dated up to the start and were stated before it; and, of rows with the order of the start, what repeats them.
 */
function attributesAt({ start, rows }: Period, nowMs: number): Attributes {
  const base = start?.attributes ?? {};
  const layers = rows
    .filter(({ fromMs }) => fromMs <= nowMs)
    .toSorted((a, b) => a.fromMs - b.fromMs || a.place - b.place)
    .map(({ fromMs, place, order, attributes }) => {
      if (start === undefined || fromMs > start.fromMs) return attributes;
      const isOverridden = (name: string, value: unknown): boolean =>
        name in base && (place < start.place || (order === start.order && value === base[name]));
      return Object.fromEntries(
        Object.entries(attributes).filter(([name, value]) => !isOverridden(name, value)),
      );
    });
  const laid = Object.assign({}, base, ...layers) as Attributes;
  const known = Object.entries(laid).filter(([, value]) => value !== null);
  return Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function optionalMs(moment: LeftData['accessEndsAt']): number | undefined {
  return moment === undefined ? undefined : endMillisecondsOf(moment);
}
