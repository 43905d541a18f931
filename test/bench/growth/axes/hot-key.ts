import { loadTopics } from '../../workload/load.ts';
import { standardWorkload, type Workload } from '../../workload/workload.ts';
import { type GrowthAxis, type GrowthStep, stepByStep } from '../axis.ts';
import { measureIntake } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';

const STEPS: readonly (GrowthStep & {
  readonly workload: Partial<Workload>;
  readonly partitions: number;
})[] = [
  { x: 0, label: 'the usual number of persons', workload: { hotShare: 0 }, partitions: 8 },
  { x: 1, label: 'the same in one partition', workload: { hotShare: 0 }, partitions: 1 },
  { x: 2, label: 'all about one person', workload: { hotShare: 1 }, partitions: 8 },
];

export const hotKey: GrowthAxis = {
  name: 'hot key',
  what: 'persons of the events',
  unit: 'µs CPU an event',
  bound: 'at most 1.05 × of events about many persons',
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
