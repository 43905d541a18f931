import { latchkey } from '../../arms/latchkey.ts';
import { drain } from '../../measure/drain.ts';
import type { SystemOptions } from '../../system.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { type GrowthAxis, type Judgement, stepByStep } from '../axis.ts';
import { atLeastShare } from '../judge.ts';
import type { GrowthPoint } from '../result.ts';

const EVENTS = 20_000;
const FROM = 4;

/** Per topic; both input topics together have twice as many. */
export const inputPartitions = axisOf('partitions in', 'partitions of each input topic', (x) => ({
  partitions: x,
}));

export const outputPartitions = axisOf(
  'partitions out',
  'partitions of each output topic',
  (x) => ({
    outputPartitions: x,
  }),
);

function axisOf(
  name: string,
  what: string,
  optionsOf: (partitions: number) => SystemOptions,
): GrowthAxis {
  return {
    name,
    what,
    unit: 'events/s',
    bound: 'at most 10 % fewer events a second from 4 to 64',
    repetitions: () => 2,
    steps: (isLong) => (isLong ? [1, 2, 4, 8, 16, 32, 64] : [1, 4, 64]).map((x) => ({ x })),
    open: stepByStep(async ({ servers }, { x }) => {
      const workload = standardWorkload({ events: EVENTS });
      const system = optionsOf(x);
      const { cpuMicros, visiblePerSecond, faults } = await drain(servers, latchkey, workload, {
        system,
      });
      if (faults.length > 0) throw new Error(faults.join('\n'));
      return { value: visiblePerSecond, perSecond: visiblePerSecond, cpuMicros };
    }),
    judge,
  };
}

function judge(points: readonly GrowthPoint[]): Judgement {
  return atLeastShare(0.9)(points.filter(({ x }) => x >= FROM));
}
