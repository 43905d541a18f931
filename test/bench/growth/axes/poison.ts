import { loadTopics } from '../../workload/load.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { type GrowthAxis, stepByStep } from '../axis.ts';
import { measureIntake } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';

const EVENTS = 20_000;

export const poison: GrowthAxis = {
  name: 'poison',
  what: '% of the deliveries that become dead letters',
  unit: 'µs CPU a delivery',
  bound: 'at most 1.25 × of none',
  repetitions: () => 2,
  steps: () => [0, 0.2, 1].map((x) => ({ x })),
  open: stepByStep(({ servers }, { x }) => {
    const workload = standardWorkload({ events: EVENTS, poisonShare: x / 100 });
    return measureIntake(servers, {
      load: async ({ topics }, before) =>
        (await loadTopics(servers.brokers, topics, workload, before)).deliveries,
    });
  }),
  judge: atMostTimes(1.25),
};
