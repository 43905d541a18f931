import { ARMS } from '../arms/all.ts';
import type { Context } from '../context.ts';
import type { DrainFigures } from '../measure/drain.ts';
import { runRounds } from './rounds.ts';

/** Measures all arms, interleaved. */
export function runThroughput(context: Context): Promise<readonly DrainFigures[]> {
  const { sizes } = context;
  const entries = ARMS.map((arm) => ({ arm, events: sizes.events[arm.name] ?? 1_000 }));
  return runRounds(context, entries, sizes.rounds);
}
