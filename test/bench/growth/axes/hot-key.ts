import { loadTopics } from '../../workload/load.ts';
import { standardWorkload, type Workload } from '../../workload/workload.ts';
import { type GrowthAxis, type GrowthStep, stepByStep } from '../axis.ts';
import { measureIntake } from '../course.ts';
import { atMostTimes } from '../judge.ts';

const STEPS: readonly (GrowthStep & {
  readonly workload: Partial<Workload>;
  readonly partitions: number;
})[] = [
  { x: 0, label: 'as many people as usual', workload: { hotShare: 0 }, partitions: 8 },
  { x: 1, label: 'the same in one partition', workload: { hotShare: 0 }, partitions: 1 },
  { x: 2, label: 'all about one person', workload: { hotShare: 1 }, partitions: 8 },
];

export const hotKey: GrowthAxis = {
  name: 'hot key',
  what: 'whom the events are about',
  unit: 'µs CPU an event',
  bound: 'no dearer than events about many people',
  repetitions: () => 2,
  steps: () => STEPS,
  open: stepByStep(({ servers, isLong }, { x }) => {
    const { workload: differing, partitions } = STEPS[x] ?? { workload: {}, partitions: 8 };
    const events = isLong ? 40_000 : 10_000;
    const workload = standardWorkload({ events, verificationShare: 0, ...differing });
    return measureIntake(servers, {
      system: { partitions },
      load: async ({ topics }, before) =>
        (await loadTopics(servers.brokers, topics, workload, before)).deliveries,
    });
  }),
  judge: atMostTimes(1.05),
};
