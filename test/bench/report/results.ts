import type { GrowthResult } from '../growth/result.ts';
import type { DrainFigures } from '../measure/drain.ts';
import type { LatencyFigures } from '../measure/latency.ts';
import type { RelayFigures } from '../measure/relay-alone.ts';
import type { YearFigures } from '../measure/year.ts';
import type { Machine, Versions } from './machine.ts';

/** Committed results. */
export interface Results {
  readonly machine: Machine;
  readonly versions: Versions;
  readonly parts: Parts;
}

/** Results by part. A part that was not run is missing. */
export interface Parts {
  /** Every round of every arm in order, without warm-up rounds. */
  readonly throughput?: Measured<readonly DrainFigures[]>;
  readonly ablations?: Measured<readonly DrainFigures[]>;
  readonly latency?: Measured<readonly LatencyFigures[]>;
  readonly relay?: Measured<readonly RelayFigures[]>;
  readonly backlog?: Measured<readonly DrainFigures[]>;
  readonly year?: Measured<YearFigures>;
  readonly growth?: Measured<readonly GrowthResult[]>;
}

export type PartName = keyof Parts;

/** Figures with time, command and commit of their measurement. */
export interface Measured<T> {
  /** ISO 8601 */
  readonly at: string;
  readonly command: string;
  /** Commit of the sources; with suffix `+` if they had changes. */
  readonly commit: string;
  readonly figures: T;
}

/** Replaces earlier results by new ones: by part, and in growth by axis. */
export function mergedParts(before: Parts | undefined, now: Parts): Parts {
  const merged = { ...before, ...now };
  if (before?.growth === undefined || now.growth === undefined) return merged;
  const again = new Map(now.growth.figures.map((result) => [result.axis, result]));
  const kept = before.growth.figures.map((result) => {
    const found = again.get(result.axis);
    again.delete(result.axis);
    return found ?? result;
  });
  return { ...merged, growth: { ...now.growth, figures: [...kept, ...again.values()] } };
}

/** JSON text with one line per round, for readable diffs. */
export function textOf(results: Results): string {
  return `${JSON.stringify(results, rounded, 2)}\n`;
}

const SIGNIFICANT_DIGITS = 6;

function rounded(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}
