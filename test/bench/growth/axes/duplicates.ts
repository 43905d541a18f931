import { openBenchSystem, type Servers } from '../../system.ts';
import { loadTopics } from '../../workload/load.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { type GrowthAxis, type StepFigures, stepByStep } from '../axis.ts';
import { measureIntake, measureWarm, startIntakeRun } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';

const EVENTS = 20_000;

export const duplicates: GrowthAxis = {
  name: 'duplicates',
  what: '% of deliveries that are duplicates',
  unit: 'µs CPU a delivery',
  bound: 'never more than fresh events',
  repetitions: () => 2,
  steps: () => [0, 50, 100].map((x) => ({ x })),
  open: stepByStep(({ servers }, { x }) =>
    x === 100 ? measureReplay(servers) : measureShare(servers, x / 100),
  ),
  judge: atMostTimes(1.05),
};

function measureShare(servers: Servers, duplicateShare: number): Promise<StepFigures> {
  const events = Math.round(EVENTS * (1 - duplicateShare));
  const workload = standardWorkload({ events, duplicateShare });
  return measureIntake(servers, {
    load: async ({ topics }, before) =>
      (await loadTopics(servers.brokers, topics, workload, before)).deliveries,
  });
}

/** Processes everything, sends everything again, and measures a new process. */
async function measureReplay(servers: Servers): Promise<StepFigures> {
  await using system = await openBenchSystem(servers);
  const workload = standardWorkload({ events: EVENTS });
  const { deliveries } = await loadTopics(servers.brokers, system.topics, workload);
  {
    await using first = await startIntakeRun(system);
    await first.until(deliveries);
  }
  return await measureWarm(
    system,
    async ({ topics }, before) =>
      (await loadTopics(servers.brokers, topics, workload, before)).deliveries,
  );
}
