import { latchkey } from '../../arms/latchkey.ts';
import { openServiceArm } from '../../arms/services.ts';
import { drain } from '../../measure/drain.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { type GrowthAxis, stepByStep } from '../axis.ts';
import { atLeastShare } from '../judge.ts';

const EVENTS = 40_000;
/** Time for all to join the group. */
const WARM_UP_SHARE = 0.4;

/** One reconciler already uses all cores of a small machine. More cannot be faster, but must not slow each other down. */
export const reconcilers: GrowthAxis = {
  name: 'reconcilers',
  what: 'reconcilers',
  unit: 'events/s',
  bound: 'at most 10 % fewer events a second than with one',
  repetitions: () => 2,
  steps: () => [1, 2, 4].map((x) => ({ x })),
  open: stepByStep(async ({ servers }, { x: consumers }) => {
    const arm = {
      ...latchkey,
      open: (system: Parameters<typeof openServiceArm>[0]) => openServiceArm(system, { consumers }),
    };
    const workload = standardWorkload({ events: EVENTS });
    const { cpuMicros, visiblePerSecond, faults } = await drain(servers, arm, workload, {
      warmUpShare: WARM_UP_SHARE,
    });
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return { value: visiblePerSecond, perSecond: visiblePerSecond, cpuMicros };
  }),
  judge: atLeastShare(0.9),
};
