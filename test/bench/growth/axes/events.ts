import { openBenchSystem } from '../../system.ts';
import { loadTopics } from '../../workload/load.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { allAtOnce, type GrowthAxis } from '../axis.ts';
import { figuresBetween, openCourse } from '../course.ts';
import { atMostTimes } from '../judge.ts';

/** Of what was taken so far, so much is measured: the last of it. */
const WINDOW_SHARE = 0.3;

/** Facts of a person grow with it: from 5 to 50, and twice that where it is long. */
export const events: GrowthAxis = {
  name: 'events',
  what: 'events taken so far',
  unit: 'µs CPU an event',
  bound: 'at most 1.25 × from the first step to the last, about the same people',
  repetitions: () => 1,
  steps: (isLong) => (isLong ? [1e5, 1e6, 1e7] : [2e4, 6e4, 2e5]).map((x) => ({ x })),
  open: allAtOnce(async ({ servers, isLong }, steps) => {
    const persons = isLong ? 50_000 : 2_000;
    await using system = await openBenchSystem(servers);
    const total = Math.max(...steps.map(({ x }) => x));
    const workload = standardWorkload({ events: total, persons });
    const { deliveries } = await loadTopics(servers.brokers, system.topics, workload);
    await system.database.query('checkpoint');
    await using course = await openCourse(system);
    const figures = [];
    for (const { x } of steps) {
      const begin = await course.until(Math.ceil(x * (1 - WINDOW_SHARE)));
      figures.push(figuresBetween(begin, await course.until(Math.min(x, deliveries))));
    }
    return figures;
  }),
  judge: atMostTimes(1.25),
};
