import { canonicalJson } from '@latchkey/contracts';
import { type KnownAttributes } from '../policy/attribute.ts';
import { idleSegment, type Segment, segmentAt, type Timeline, withoutRepeats } from './timeline.ts';

/**
 * Several readings of one engagement merged, so that nothing is given that one of them denies:
 * it runs where any reading runs, has access where all have it, is suspended where any is. `variants` are
 * the different attributes of the readings that run, in a fixed order.
 */
export function mergeReadings(readings: readonly Timeline[]): Timeline {
  const moments = new Set(readings.flatMap((reading) => reading.map(({ fromMs }) => fromMs)));
  const sorted = [...moments].sort((one, other) => one - other);
  return withoutRepeats(sorted.map((atMs) => mergeAt(readings, atMs)));
}

function mergeAt(readings: readonly Timeline[], atMs: number): Segment {
  const segments = readings.map((reading) => segmentAt(reading, atMs));
  const changed = segments.flatMap((segment) => (segment?.fromMs === atMs ? segment.causes : []));
  const causes = [...new Set(changed)].sort();
  const running = segments.filter((segment) => segment?.running === true);
  if (running.length === 0) return idleSegment(atMs, causes);
  return {
    fromMs: atMs,
    running: true,
    access: segments.every((segment) => segment?.access === true),
    suspended: running.some((segment) => segment?.suspended === true),
    variants: distinct(running.flatMap((segment) => segment?.variants ?? [])),
    causes,
  };
}

function distinct(variants: readonly KnownAttributes[]): readonly KnownAttributes[] {
  const byContent = new Map(variants.map((variant) => [canonicalJson(variant), variant]));
  return [...byContent]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, variant]) => variant);
}
