import type { PartName } from './report/results.ts';
import type { Sizes } from './sizes.ts';
import type { Servers } from './system.ts';

/** Input of every part. */
export interface Context {
  readonly servers: Servers;
  readonly sizes: Sizes;
  readonly print: (line: string) => void;
}

/** All parts, in order. */
export const PART_NAMES: readonly PartName[] = [
  'throughput',
  'ablations',
  'latency',
  'relay',
  'backlog',
  'year',
  'growth',
];

/** Parts of `--quick`. */
export const QUICK_PARTS: readonly PartName[] = ['throughput', 'latency', 'relay'];
