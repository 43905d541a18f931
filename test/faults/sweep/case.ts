import { type Point, RECONCILER_POINTS, RELAY_POINTS } from '../failpoints/points.ts';

/** What happens to a process that stands at a failpoint. */
export const ACTIONS = ['kill', 'stop', 'cut', 'error'] as const;
export type Action = (typeof ACTIONS)[number];

export interface FaultCase {
  readonly point: Point;
  readonly action: Action;
  readonly seed: number;
}

/** `claimed/kill/7`: what `npm run faults -- --case` takes. */
export function nameOf({ point, action, seed }: FaultCase): string {
  return `${point}/${action}/${seed}`;
}

/** @throws RangeError where the name is not of a case */
export function caseOf(name: string): FaultCase {
  const [point, action, seed] = name.split('/');
  const found = {
    point: [...RECONCILER_POINTS, ...RELAY_POINTS].find((one) => one === point),
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

/** Of one seed each failpoint with a kill, and every third with one of the other actions too, by turns. */
export function fewCasesOf(points: readonly Point[], seed: number): readonly FaultCase[] {
  return points.flatMap((point, index) => {
    const others = index % OTHER_EVERY === 0 ? OTHERS : [];
    const other = others[(index / OTHER_EVERY) % OTHERS.length];
    const actions = other === undefined ? [KILL] : [KILL, other];
    return actions.map((action) => ({ point, action, seed }));
  });
}

/** Every failpoint with every action, of one seed. */
export function casesOf(points: readonly Point[], seed: number): readonly FaultCase[] {
  return points.flatMap((point) => ACTIONS.map((action) => ({ point, action, seed })));
}
