import type { PartName } from './report/results.ts';
import type { Sizes } from './sizes.ts';
import type { Servers } from './system.ts';

/** What every part is given. */
export interface Context {
  readonly servers: Servers;
  readonly sizes: Sizes;
  readonly print: (line: string) => void;
}

/** What is measured, in this order. */
export const PART_NAMES: readonly PartName[] = [
  'throughput',
  'ablations',
  'latency',
  'relay',
  'backlog',
  'growth',
];

/** What a look is about. */
export const QUICK_PARTS: readonly PartName[] = ['throughput', 'latency', 'relay'];
