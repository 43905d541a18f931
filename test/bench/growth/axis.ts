import { median } from '../statistics.ts';
import type { Servers } from '../system.ts';
import type { GrowthPoint, GrowthResult } from './result.ts';

/** One step of an axis. */
export interface GrowthStep {
  readonly x: number;
  readonly label?: string;
}

/** Cost of one step in one repetition. */
export interface StepFigures {
  readonly value: number;
  readonly perSecond?: number;
  readonly cpuMicros?: Readonly<Record<string, number>>;
  /** By name with unit. */
  readonly further?: Readonly<Record<string, number>>;
}

export interface GrowthContext {
  readonly servers: Servers;
  readonly isLong: boolean;
  /** Number of persons of the axes that count facts behind each; undefined: by `isLong`. */
  readonly people?: number;
}

export type Judgement = Pick<GrowthResult, 'verdict' | 'note'>;

/** A quantity that grows, the bound of its cost, and the measurement. */
export interface GrowthAxis {
  readonly name: string;
  /** What `x` counts. */
  readonly what: string;
  /** Unit of `value`. */
  readonly unit: string;
  /** The bound in words. */
  readonly bound: string;
  readonly repetitions: (isLong: boolean) => number;
  readonly steps: (isLong: boolean) => readonly GrowthStep[];
  /** Opens resources that all repetitions share. */
  readonly open: (context: GrowthContext) => Promise<OpenAxis>;
  readonly judge: (points: readonly GrowthPoint[]) => Judgement;
}

export interface OpenAxis extends AsyncDisposable {
  /** Measures every step once, in this order. */
  run(steps: readonly GrowthStep[]): Promise<readonly StepFigures[]>;
}

/** An axis with independent steps. */
export function stepByStep(
  measure: (context: GrowthContext, step: GrowthStep) => Promise<StepFigures>,
): GrowthAxis['open'] {
  return (context) =>
    Promise.resolve({
      run: async (steps) => {
        const figures: StepFigures[] = [];
        for (const step of steps) figures.push(await measure(context, step));
        return figures;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
}

/** An axis whose steps are all measured in one run. */
export function allAtOnce(
  measure: (
    context: GrowthContext,
    steps: readonly GrowthStep[],
  ) => Promise<readonly StepFigures[]>,
): GrowthAxis['open'] {
  return (context) =>
    Promise.resolve({
      run: (steps) => measure(context, steps),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
}

/** Combines one step of all repetitions into a point. */
export function pointOf(
  { x, label }: GrowthStep,
  unit: string,
  runs: readonly StepFigures[],
): GrowthPoint {
  const rates = runs.flatMap(({ perSecond }) => perSecond ?? []);
  const cpu = mediansOf(runs.map(({ cpuMicros }) => cpuMicros ?? {}));
  const further = mediansOf(runs.map((run) => run.further ?? {}));
  return {
    x,
    ...(label === undefined ? {} : { label }),
    value: median(runs.map(({ value }) => value)),
    unit,
    ...(rates.length === 0 ? {} : { perSecond: median(rates) }),
    ...(cpu === undefined ? {} : { cpuMicros: cpu }),
    ...(further === undefined ? {} : { further }),
    repetitions: runs.length,
  };
}

function mediansOf(
  runs: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> | undefined {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  if (names.size === 0) return undefined;
  const medians = [...names].map((name): [string, number] => [
    name,
    median(runs.flatMap((run) => run[name] ?? [])),
  ]);
  return Object.fromEntries(medians);
}
