import { type KnownAttributes } from '../policy/attribute.ts';
import { layOver, sameAttributes } from '../policy/attributes.ts';
import { endOf, type Period, type Row, type Suspension } from './periods.ts';

/**
 * What an engagement is from a moment on, until the next segment. Before the first one it does not run.
 */
export interface Segment {
  readonly fromMs: number;
  readonly running: boolean;
  /** Runs, and its access is not over. */
  readonly access: boolean;
  readonly suspended: boolean;
  /** In force while it runs. More than one where tied facts can be read in several ways; never equal ones. */
  readonly variants: readonly KnownAttributes[];
  /** Ids of the events that caused the change at `fromMs`. */
  readonly causes: readonly string[];
}

/** By time; neighbours differ, so that two timelines mean the same if and only if they are equal. */
export type Timeline = readonly Segment[];

/** The timeline of periods. Where two run at once the later one counts. */
export function timelineOf(periods: readonly Period[]): Timeline {
  let timeline: Timeline = [];
  for (const period of periods) {
    const own = segmentsOf(period);
    if (own.length > 0) timeline = timeline.length === 0 ? own : cover(timeline, own);
  }
  return withoutRepeats(timeline);
}

/** The segment in force at a moment; `undefined` before the first. */
export function segmentAt(timeline: Timeline, atMs: number): Segment | undefined {
  for (let at = timeline.length - 1; at >= 0; at -= 1) {
    const segment = timeline[at];
    if (segment !== undefined && segment.fromMs <= atMs) return segment;
  }
  return undefined;
}

/** Whether two timelines are equal at every moment, regardless of the events that caused them. */
export function sameTimeline(one: Timeline, other: Timeline): boolean {
  return (
    one.length === other.length &&
    one.every((segment, at) => {
      const opposite = other[at];
      return opposite?.fromMs === segment.fromMs && isSameState(segment, opposite);
    })
  );
}

/** Drops segments that change nothing. */
export function withoutRepeats(segments: readonly Segment[]): Timeline {
  return segments.filter((segment, at) => {
    const before = segments[at - 1];
    return before === undefined ? segment.running : !isSameState(before, segment);
  });
}

/** `running` of a moment at which nothing runs. */
export function idleSegment(fromMs: number, causes: readonly string[]): Segment {
  return { fromMs, running: false, access: false, suspended: false, variants: [], causes };
}

function isSameState(one: Segment, other: Segment): boolean {
  return (
    one.running === other.running &&
    one.access === other.access &&
    one.suspended === other.suspended &&
    one.variants.length === other.variants.length &&
    one.variants.every((variant, at) => sameAttributes(variant, other.variants[at] ?? {}))
  );
}

interface Step {
  readonly atMs: number;
  readonly by: string;
  readonly attributes?: KnownAttributes;
  readonly suspended?: boolean;
}

/** A period that never runs has none. */
function segmentsOf(period: Period): Segment[] {
  const { start } = period;
  const end = endOf(period);
  const endMs = end?.atMs ?? Number.POSITIVE_INFINITY;
  if (start === undefined || endMs <= start.atMs) return [];
  const segments: Segment[] = [];
  let latest = firstSegment(period, start);
  for (const step of stepsOf(period, start.atMs)) {
    if (step.atMs >= endMs) break;
    if (step.atMs > latest.fromMs) segments.push(latest);
    latest = afterStep(latest, step, period, start.atMs);
  }
  segments.push(latest);
  if (end !== undefined) segments.push(idleSegment(end.atMs, [end.by]));
  return segments;
}

function firstSegment(period: Period, { atMs, by }: { atMs: number; by: string }): Segment {
  return {
    fromMs: atMs,
    running: true,
    access: hasAccess(period, atMs),
    suspended: false,
    variants: [layOver({}, period.base)],
    causes: [by],
  };
}

/** What was in force before the start was so from the start on; it is there because of the start. */
function afterStep(latest: Segment, step: Step, period: Period, startMs: number): Segment {
  const fromMs = Math.max(step.atMs, startMs);
  const causes = fromMs === startMs ? [] : [step.by];
  return {
    fromMs,
    running: true,
    access: hasAccess(period, fromMs),
    suspended: step.suspended ?? latest.suspended,
    variants:
      step.attributes === undefined
        ? latest.variants
        : [layOver(latest.variants[0] ?? {}, step.attributes)],
    causes: fromMs > latest.fromMs ? causes : [...latest.causes, ...causes],
  };
}

/** Rows, suspensions and the end of access by date; at one moment in the source's order. */
function stepsOf(period: Period, startMs: number): readonly Step[] {
  const { rows, suspensions, left, base } = period;
  const accessEndMs = left?.accessEndMs;
  if (rows.length === 0 && suspensions.length === 0 && accessEndMs === undefined) return [];
  const steps: Step[] = [
    ...rows.map((row) => rowStep(row, base, startMs)),
    ...suspensions.map(suspensionStep),
  ];
  if (left !== undefined && accessEndMs !== undefined && accessEndMs > startMs) {
    steps.push({ atMs: accessEndMs, by: left.by });
  }
  return steps.sort((one, other) => one.atMs - other.atMs);
}

function rowStep(row: Row, base: KnownAttributes, startMs: number): Step {
  const { atMs, by, attributes } = row;
  const known = Object.entries(attributes);
  const counting = known.filter(([name]) => !isOverridden(row, name, base, startMs));
  const isWhole = counting.length === known.length;
  return { atMs, by, attributes: isWhole ? attributes : Object.fromEntries(counting) };
}

/**
 * What came with the start is in force from the start: rows that were stated before do not override it up to then, nor do
 * those that repeat it.
 */
function isOverridden(
  { atMs, attributes, beforeStart, withStart }: Row,
  name: string,
  base: KnownAttributes,
  startMs: number,
): boolean {
  if (atMs > startMs || !Object.hasOwn(base, name)) return false;
  return beforeStart || (withStart === true && attributes[name] === base[name]);
}

function suspensionStep({ atMs, by, suspended }: Suspension): Step {
  return { atMs, by, suspended };
}

/** Access ends where it was stated, but not after the period; `immediate` ends it at every moment. */
function hasAccess({ left }: Period, atMs: number): boolean {
  if (left === undefined) return true;
  return !left.immediate && (left.accessEndMs === undefined || atMs < left.accessEndMs);
}

/** Puts a later period over earlier ones: it counts while it runs. */
function cover(earlier: readonly Segment[], later: readonly Segment[]): readonly Segment[] {
  const moments = new Set([...earlier, ...later].map(({ fromMs }) => fromMs));
  return [...moments]
    .sort((one, other) => one - other)
    .map((atMs) => {
      const upper = segmentAt(later, atMs);
      const lower = segmentAt(earlier, atMs);
      const counting = upper?.running === true ? upper : (lower ?? upper ?? idleSegment(atMs, []));
      const changedHere = [upper, lower].filter((segment) => segment?.fromMs === atMs);
      const causes = changedHere.flatMap((segment) => segment?.causes ?? []);
      return { ...counting, fromMs: atMs, causes };
    });
}
