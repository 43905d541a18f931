import type { Arm } from '../arms/arm.ts';
import type { Context } from '../context.ts';
import { type DrainFigures, type DrainOptions, drain } from '../measure/drain.ts';
import { lineOf } from '../report/table.ts';
import { standardWorkload } from '../workload/workload.ts';

/** An arm and its sizes. */
export interface Entry {
  readonly arm: Arm;
  readonly events: number;
  readonly options?: DrainOptions;
}

/** Runs the arms round-robin, after one smaller warm-up round that is discarded. */
export async function runRounds(
  { servers, sizes, print }: Context,
  entries: readonly Entry[],
  rounds: number,
): Promise<readonly DrainFigures[]> {
  const all: DrainFigures[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (const { arm, events, options } of entries) {
      const isWarmUp = round === 0;
      const count = Math.round(isWarmUp ? events * sizes.warmUpShare : events);
      const workload = standardWorkload({ events: count, seed: round + 1 });
      const figures = await drain(servers, arm, workload, options);
      print(`${isWarmUp ? 'warm-up' : `round ${round}/${rounds}`} ${lineOf(figures)}`);
      if (!isWarmUp) all.push(figures);
    }
  }
  return all;
}
