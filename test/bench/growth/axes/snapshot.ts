import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { OpenArm } from '../../arms/arm.ts';
import { latchkey } from '../../arms/latchkey.ts';
import { nowMs } from '../../measure/clock.ts';
import { openGenerator } from '../../measure/generator.ts';
import { seenByNumber } from '../../measure/latency.ts';
import { cpuMicros, serverProcesses, type Watched } from '../../measure/processes.ts';
import { openBenchReader } from '../../measure/reader.ts';
import { until } from '../../measure/until.ts';
import { quantile } from '../../statistics.ts';
import { type BenchSystem, openBenchSystem, type Servers } from '../../system.ts';
import { loadTopics } from '../../workload/load.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { allAtOnce, type GrowthAxis, type GrowthStep, type StepFigures } from '../axis.ts';
import { lastAtMostTimes } from '../judge.ts';

const PER_SECOND = 100;
const WARM_UP_EVENTS = 5_000;
/** Measured seconds before each step. */
const WINDOW_SECONDS = 20;

/** An old snapshot prevents the removal of dead rows. Repeated reads must not slow down because of them. */
export const snapshot: GrowthAxis = {
  name: 'snapshot',
  what: 'seconds since the snapshot was opened',
  unit: 'ms from schedule to visibility, median',
  bound: 'at most 1.2 × of the first window, at 100 events a second',
  repetitions: () => 1,
  steps: (isLong) => (isLong ? [20, 120, 300, 600] : [20, 40, 60]).map((x) => ({ x })),
  open: allAtOnce(({ servers }, steps) => measure(servers, steps)),
  judge: lastAtMostTimes(1.2),
};

async function measure(
  servers: Servers,
  steps: readonly GrowthStep[],
): Promise<readonly StepFigures[]> {
  await using system = await openBenchSystem(servers);
  const { brokers } = servers;
  const { topics, database } = system;
  const warmUp = standardWorkload({ events: WARM_UP_EVENTS, prefix: 'w' });
  const { deliveries } = await loadTopics(brokers, topics, warmUp);
  await using open = await latchkey.open(system);
  const read = { brokers, topics: open.outputs, isNumbered: true, withSamples: true };
  await using reader = await openBenchReader(read);
  await open.start();
  await untilCommitted(open, deliveries);
  const events = Math.max(...steps.map(({ x }) => x)) * PER_SECOND;
  const workload = standardWorkload({ events, prefix: 'l', order: 'mixed' });
  const sending = { brokers, topics: topics.names, workload, perSecond: PER_SECOND };
  await using generator = await openGenerator(sending);
  await using snapshots = await openSnapshots(system);
  const own = open.processes().map(({ role, child }) => ({ name: role, pids: [child.pid] }));
  const watched = [...own, ...(await serverProcesses(database, servers.pids))];
  const [{ beginMs }, costs] = await Promise.all([generator.run(), measureCosts(steps, watched)]);
  await untilCommitted(open, deliveries + events);
  const appended = await open.appended();
  await until(
    open,
    () => Promise.resolve(reader.read()),
    (seen) => seen >= appended,
  );
  await snapshots.check();
  const { samples } = await reader.report();
  const latencies = [...seenByNumber(workload, samples)].map(([number, seenMs]) => ({
    atSeconds: number / PER_SECOND,
    ms: seenMs - beginMs - (number / PER_SECOND) * 1_000,
  }));
  return steps.map(({ x }, index) => {
    const window = latencies
      .filter(({ atSeconds }) => atSeconds < x && atSeconds >= x - WINDOW_SECONDS)
      .map(({ ms }) => ms);
    return {
      value: quantile(window, 0.5),
      further: { 'p99 ms': quantile(window, 0.99) },
      cpuMicros: costs[index] ?? {},
    };
  });
}

async function untilCommitted(open: OpenArm, deliveries: number): Promise<void> {
  await until(
    open,
    () => open.committed(),
    (committed) => committed >= deliveries,
  );
}

/** Measures the cost per event in the window before each step, from now on. */
async function measureCosts(
  steps: readonly GrowthStep[],
  watched: readonly Watched[],
): Promise<readonly Readonly<Record<string, number>>[]> {
  const startedMs = nowMs();
  const costs = [];
  for (const { x } of steps) {
    await sleep(Math.max(0, startedMs + (x - WINDOW_SECONDS) * 1_000 - nowMs()));
    const before = await cpuMicros(watched);
    await sleep(Math.max(0, startedMs + x * 1_000 - nowMs()));
    const after = await cpuMicros(watched);
    const each = [...after].map(([name, used]): [string, number] => [
      name,
      (used - (before.get(name) ?? 0)) / (WINDOW_SECONDS * PER_SECOND),
    ]);
    costs.push(Object.fromEntries(each));
  }
  return costs;
}

/** Opens a snapshot of this database, and a writing transaction in another database of the server. */
async function openSnapshots({
  database,
  servers,
}: BenchSystem): Promise<AsyncDisposable & { readonly check: () => Promise<void> }> {
  const reading = new Client({ connectionString: database.url });
  const writing = new Client({ connectionString: servers.databaseUrl });
  await Promise.all([reading.connect(), writing.connect()]);
  await reading.query('begin isolation level repeatable read');
  await reading.query('select count(*) from intake_progress');
  await writing.query('begin');
  await writing.query('select pg_current_xact_id()');
  return {
    check: async () => {
      // Fails if one of the sessions was terminated meanwhile.
      await Promise.all([reading.query('select 1'), writing.query('select 1')]);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([reading.end(), writing.end()]);
    },
  };
}
