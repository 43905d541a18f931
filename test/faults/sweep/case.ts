import { PARTS, type Point } from '../failpoints/points.ts';

/** What happens to a process that is stopped at a failpoint. */
export const ACTIONS = ['kill', 'stop', 'cut', 'error'] as const;
export type Action = (typeof ACTIONS)[number];

export interface FaultCase {
  readonly point: Point;
  readonly action: Action;
  readonly seed: number;
}

/** Name for `npm run faults -- --case`: `claimed/kill/7`. */
export function nameOf({ point, action, seed }: FaultCase): string {
  return `${point}/${action}/${seed}`;
}

/** @throws RangeError when no case has this name */
export function parseCase(name: string): FaultCase {
  const [point, action, seed] = name.split('/');
  const found = {
    point: PARTS.flat().find((one) => one === point),
    action: ACTIONS.find((one) => one === action),
    seed: Number(seed),
  };
  if (found.point === undefined || found.action === undefined || !Number.isInteger(found.seed)) {
    throw new RangeError(`${name}: expected <failpoint>/<${ACTIONS.join('|')}>/<seed>`);
  }
  return found as FaultCase;
}

const [KILL, ...OTHERS] = ACTIONS;

const OTHER_EVERY = 3;

/** Cases of one seed: each failpoint with a kill, and every third also with one of the other actions in rotation. */
export function selectCases(points: readonly Point[], seed: number): readonly FaultCase[] {
  return points.flatMap((point, index) => {
    const others = index % OTHER_EVERY === 0 ? OTHERS : [];
    const other = others[(index / OTHER_EVERY) % OTHERS.length];
    const actions = other === undefined ? [KILL] : [KILL, other];
    return actions.map((action) => ({ point, action, seed }));
  });
}

/** All cases of one seed: every failpoint with every action. */
export function listCases(points: readonly Point[], seed: number): readonly FaultCase[] {
  return points.flatMap((point) => ACTIONS.map((action) => ({ point, action, seed })));
}
