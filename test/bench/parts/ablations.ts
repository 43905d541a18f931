import { latchkey } from '../arms/latchkey.ts';
import { ABLATIONS, latchkeyWithout } from '../arms/without.ts';
import type { Context } from '../context.ts';
import type { DrainFigures } from '../measure/drain.ts';
import { runRounds } from './rounds.ts';

/** Measures Latchkey, and Latchkey without one part at a time. */
export function runAblations(context: Context): Promise<readonly DrainFigures[]> {
  const { ablationEvents: events, ablationRounds } = context.sizes;
  const without = ABLATIONS.map((left) => ({
    arm: latchkeyWithout(left),
    events,
    options: { isChecked: false },
  }));
  return runRounds(context, [{ arm: latchkey, events }, ...without], ablationRounds);
}
