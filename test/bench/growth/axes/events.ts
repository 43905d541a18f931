import { openBenchSystem } from '../../system.ts';
import { loadTopics } from '../../workload/load.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { allAtOnce, type GrowthAxis } from '../axis.ts';
import { figuresBetween, startIntakeRun } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';

/** Share of the events up to a step that is measured: the last ones. */
const WINDOW_SHARE = 0.3;

/** The facts per person grow from 5 to 50; twice that in long runs. */
export const events: GrowthAxis = {
  name: 'events',
  what: 'events processed so far',
  unit: 'µs CPU an event',
  bound: 'at most 1.25 × from the first step to the last, about the same persons',
  repetitions: () => 1,
  steps: (isLong) => (isLong ? [1e5, 1e6, 1e7] : [2e4, 6e4, 2e5]).map((x) => ({ x })),
  open: allAtOnce(async ({ servers, isLong }, steps) => {
    const persons = isLong ? 50_000 : 2_000;
    await using system = await openBenchSystem(servers);
    const total = Math.max(...steps.map(({ x }) => x));
    const workload = standardWorkload({ events: total, persons });
    const { deliveries } = await loadTopics(servers.brokers, system.topics, workload);
    await system.database.query('checkpoint');
    await using run = await startIntakeRun(system);
    const figures = [];
    for (const { x } of steps) {
      const begin = await run.until(Math.ceil(x * (1 - WINDOW_SHARE)));
      figures.push(figuresBetween(begin, await run.until(Math.min(x, deliveries))));
    }
    return figures;
  }),
  judge: atMostTimes(1.25),
};
