import type { DrainFigures } from '../measure/drain.ts';
import type { LatencyFigures } from '../measure/latency.ts';
import { type Summary, summaryOf } from '../statistics.ts';

/** What one arm needed in one pair. */
export interface Measured {
  readonly throughput: DrainFigures;
  readonly latency: LatencyFigures;
}

/** Both arms, measured one right after the other. */
export interface Pair {
  readonly here: Measured;
  readonly there: Measured;
}

const FIGURES: readonly (readonly [name: string, figure: (measured: Measured) => number])[] = [
  ['CPU µs/event, reconciler + relay', ({ throughput }) => cpuOf(throughput, 'service', 'relay')],
  ['CPU µs/event, reconciler', ({ throughput }) => cpuOf(throughput, 'service')],
  ['CPU µs/event, relay', ({ throughput }) => cpuOf(throughput, 'relay')],
  ['CPU µs/event, PostgreSQL', ({ throughput }) => cpuOf(throughput, 'postgres')],
  ['events/s to commit', ({ throughput }) => throughput.commitPerSecond],
  ['events/s to visibility', ({ throughput }) => throughput.visiblePerSecond],
  ['WAL B/event', ({ throughput }) => throughput.walBytes],
  ['latency p50, ms', ({ latency }) => latency.p50Ms],
  ['latency p99, ms', ({ latency }) => latency.p99Ms],
];

export interface Ratio {
  readonly name: string;
  readonly here: Summary;
  readonly there: Summary;
  /** Of the figures of each pair, here divided by there. NaN where a figure is not known. */
  readonly ratio: Summary;
}

/** Each figure, compared pair by pair: load that changes in the course of a run affects both of a pair. */
export function ratiosOf(pairs: readonly Pair[]): readonly Ratio[] {
  return FIGURES.map(([name, figure]) => ({
    name,
    here: summaryOf(pairs.map(({ here }) => figure(here))),
    there: summaryOf(pairs.map(({ there }) => figure(there))),
    ratio: summaryOf(pairs.map(({ here, there }) => figure(here) / figure(there))),
  }));
}

function cpuOf({ cpuMicros }: DrainFigures, ...names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (cpuMicros[name] ?? Number.NaN), 0);
}
