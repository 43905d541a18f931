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
/** Of the seconds up to a step, those that are counted. */
const WINDOW_SECONDS = 20;

/** Old snapshots keep dead rows from being removed. What is read again and again must not be buried under them. */
export const snapshot: GrowthAxis = {
  name: 'snapshot',
  what: 'seconds for which a snapshot has been held open',
  unit: 'ms from schedule to sight, median',
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
  const read = { brokers, topics: open.outputs, isNumbered: true, takesSamples: true };
  await using reader = await openBenchReader(read);
  await open.start();
  await untilTaken(open, deliveries);
  const events = Math.max(...steps.map(({ x }) => x)) * PER_SECOND;
  const workload = standardWorkload({ events, prefix: 'l', order: 'mixed' });
  const sending = { brokers, topics: topics.names, workload, perSecond: PER_SECOND };
  await using generator = await openGenerator(sending);
  await using held = await holdSnapshots(system);
  const own = open.processes().map(({ role, child }) => ({ name: role, pids: [child.pid] }));
  const watched = [...own, ...(await serverProcesses(database, servers.pids))];
  const [{ beginMs }, costs] = await Promise.all([generator.run(), costsOf(steps, watched)]);
  await untilTaken(open, deliveries + events);
  const appended = await open.appended();
  await until(
    open,
    () => Promise.resolve(reader.read()),
    (seen) => seen >= appended,
  );
  await held.check();
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

async function untilTaken(open: OpenArm, deliveries: number): Promise<void> {
  await until(
    open,
    () => open.taken(),
    (taken) => taken >= deliveries,
  );
}

/** What an event costs in the seconds up to each step, counted from now. */
async function costsOf(
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

/** A snapshot of this database, and a transaction that has written something in another one of the server. */
async function holdSnapshots({
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
      // Fails where one of them was ended meanwhile: then nothing was held.
      await Promise.all([reading.query('select 1'), writing.query('select 1')]);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([reading.end(), writing.end()]);
    },
  };
}
