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

/** What a source stated about an engagement. `order` is the source's own. */
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

interface Period {
  readonly start?: Row | undefined;
  /** The `endsAt` that came with the start. */
  readonly plannedEndMs?: number | undefined;
  /** What `left` said. */
  readonly end?: End | undefined;
  readonly rows: readonly Row[];
  readonly pauses: readonly Pause[];
}

/** What the facts say of an engagement at a moment. */
export interface EngagementNow {
  readonly runs: boolean;
  /** It runs, and its access is not over. */
  readonly hasAccess: boolean;
  readonly isSuspended: boolean;
  /** It does not run, but a start lies ahead. */
  readonly isAhead: boolean;
  readonly attributes: Attributes;
}

const EMPTY: Period = { rows: [], pauses: [] };

/** Folds facts in the source's order, whatever order they are given in; orders must differ. */
export function readEngagement(facts: readonly EngagementFact[], nowMs: number): EngagementNow {
  const ordered = facts.toSorted((a, b) => (a.order < b.order ? -1 : 1));
  const periods = ordered.reduce<readonly Period[]>(withFact, [EMPTY]);
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

function withFact(periods: readonly Period[], fact: EngagementFact): readonly Period[] {
  const latest = periods.at(-1) ?? EMPTY;
  const past = periods.slice(0, -1);
  switch (fact.kind) {
    case 'joined':
      return withJoined(periods, fact.data, fact.order);
    case 'left':
      return withLeft(periods, fact.data);
    case 'moved':
      return [...past, { ...latest, rows: withRow(latest.rows, fact.data, fact.order) }];
    case 'suspended':
    case 'resumed': {
      const pause = { kind: fact.kind, fromMs: millisecondsOf(fact.data.effectiveAt) };
      return [...past, { ...latest, pauses: [...latest.pauses, pause] }];
    }
    case 'rescinded':
      return [...past, without(latest, fact.data.rescinds)];
    case 'stated':
      return [stated(latest, fact.data, fact.order)];
  }
}

function withJoined(
  periods: readonly Period[],
  data: JoinedData,
  order: bigint,
): readonly Period[] {
  const fromMs = millisecondsOf(data.startsAt);
  const latest = periods.at(-1) ?? EMPTY;
  const opens = latest.end !== undefined && fromMs >= latest.end.atMs;
  const begun = {
    ...(opens ? EMPTY : latest),
    start: { fact: undefined, fromMs, order, attributes: data.attributes },
    plannedEndMs: optionalMs(data.endsAt),
  };
  return [...(opens ? periods : periods.slice(0, -1)), begun];
}

/** Every period that runs at the date ends, and the latest in any case; `immediate` is never softened. */
function withLeft(periods: readonly Period[], data: LeftData): readonly Period[] {
  const atMs = endMillisecondsOf(data.endsAt);
  const accessMs = optionalMs(data.accessEndsAt) ?? Infinity;
  return periods.map((period, index) => {
    if (index < periods.length - 1 && !runsAt(period, atMs)) return period;
    const immediate = data.immediate === true || period.end?.immediate === true;
    return { ...period, end: { atMs, accessMs, immediate } };
  });
}

function withRow(rows: readonly Row[], data: MovedData, order: bigint): readonly Row[] {
  const { fact, attributes } = data;
  const others = rows.filter((row) => fact === undefined || row.fact !== fact);
  return [...others, { fact, fromMs: millisecondsOf(data.effectiveAt), order, attributes }];
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

/**
 * All that is known. What it has no field for stays: pauses; `immediate` where it still states an end,
 * `accessEndsAt` where that end is the same.
 */
function stated(latest: Period, data: StatedData, order: bigint): Period {
  const fromMs = millisecondsOf(data.startsAt);
  const atMs = optionalMs(data.endsAt);
  const opens = latest.end !== undefined && fromMs >= latest.end.atMs;
  const { end, pauses } = opens ? EMPTY : latest;
  return {
    start: { fact: undefined, fromMs, order, attributes: {} },
    plannedEndMs: end === undefined ? atMs : undefined,
    end:
      end === undefined || atMs === undefined
        ? undefined
        : { ...end, atMs, accessMs: end.atMs === atMs ? end.accessMs : Infinity },
    rows: data.timeline.map(({ from, attributes }) => {
      return { fact: undefined, fromMs: millisecondsOf(from), order, attributes };
    }),
    pauses,
  };
}

/** Of two ends the earlier one. */
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

/** What came with the start, and over it the rows along their dates, at one moment in the source's order. */
function attributesAt({ start, rows }: Period, nowMs: number): Attributes {
  const layers = rows
    .filter(({ fromMs }) => fromMs <= nowMs)
    .toSorted((a, b) => a.fromMs - b.fromMs || (a.order < b.order ? -1 : 1));
  const said = [start?.attributes ?? {}, ...layers.map(({ attributes }) => attributes)];
  const laid = Object.fromEntries(said.flatMap((attributes) => Object.entries(attributes)));
  return Object.fromEntries(Object.entries(laid).filter(([, value]) => value !== null));
}

function optionalMs(moment: LeftData['accessEndsAt']): number | undefined {
  return moment === undefined ? undefined : endMillisecondsOf(moment);
}
