import type { Servers } from '../system.ts';
import { GROWTH_AXES } from './axes/all.ts';
import { type GrowthAxis, pointOf, type StepFigures } from './axis.ts';
import type { GrowthResult } from './result.ts';
import { describePoint } from './section.ts';

export interface GrowthOptions {
  /** True: full sizes, which take hours; false: sizes that take minutes. */
  readonly isLong: boolean;
  /** See `GrowthContext`. */
  readonly people?: number;
  readonly print: (line: string) => void;
  /** Names of axes; undefined: all. */
  readonly only?: readonly string[];
}

/** Measures all axes. An axis that fails is reported as not measured; the others still run. */
export async function runGrowth(
  servers: Servers,
  options: GrowthOptions,
): Promise<readonly GrowthResult[]> {
  const { print, only } = options;
  const results: GrowthResult[] = [];
  for (const axis of GROWTH_AXES.filter(({ name }) => only?.includes(name) ?? true)) {
    const startedMs = performance.now();
    const result = await runAxis(servers, axis, options);
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    print(`growth, ${axis.name}: ${result.verdict}; ${result.note} (${seconds} s)`);
    results.push(result);
  }
  return results;
}

async function runAxis(
  servers: Servers,
  axis: GrowthAxis,
  { isLong, people, print }: GrowthOptions,
): Promise<GrowthResult> {
  const { name, what, bound, unit } = axis;
  const about = { axis: name, what, bound, size: isLong ? ('long' as const) : ('short' as const) };
  const steps = axis.steps(isLong);
  const runs: (readonly StepFigures[])[] = [];
  try {
    await using open = await axis.open({ servers, isLong, ...(people && { people }) });
    const repetitions = axis.repetitions(isLong);
    for (let done = 0; done < repetitions; done += 1) runs.push(await open.run(steps));
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    print(`growth, ${name}: ${error instanceof Error ? (error.stack ?? note) : note}`);
    return { ...about, points: [], verdict: 'not measured', note };
  }
  const points = steps.map((step, index) => {
    const own = runs.flatMap((run) => run[index] ?? []);
    return pointOf(step, unit, own);
  });
  for (const point of points) print(`growth, ${name}: ${describePoint(point)}`);
  return { ...about, points, ...axis.judge(points) };
}
