import { spawnService } from '../../support/process.ts';
import { cpuMicros, serverProcesses } from '../measure/processes.ts';
import { until } from '../measure/until.ts';
import { type BenchSystem, openBenchSystem, type Servers, type SystemOptions } from '../system.ts';
import { loadTopics } from '../workload/load.ts';
import { standardWorkload } from '../workload/workload.ts';
import type { StepFigures } from './axis.ts';

/** Progress of an intake run at one moment. */
export interface Mark {
  readonly atMs: number;
  readonly committed: number;
  readonly cpu: ReadonlyMap<string, number>;
}

/** A running reconciler without a relay. Disposing kills it. */
export interface IntakeRun extends AsyncDisposable {
  /** Resolves soon after so many deliveries are committed since the system was opened. */
  until(committed: number): Promise<Mark>;
  /** Suspends the reconciler during `work`, which must be shorter than the session timeout of the group. */
  whileStopped<T>(work: () => Promise<T>): Promise<T>;
}

const OUTPUT_MAX_CHARACTERS = 4_000;

export async function startIntakeRun(system: BenchSystem): Promise<IntakeRun> {
  const child = await spawnService('reconciler', { env: system.env });
  const servers = await serverProcesses(system.database, system.servers.pids);
  const watched = [{ name: 'service', pids: [child.pid] }, ...servers];
  const open = { processes: () => [{ role: 'service' as const, child }] };
  return {
    until: async (wanted) => {
      const poll = (): Promise<number> => countCommitted(system);
      const { seen, atMs } = await until(open, poll, (committed) => committed >= wanted).catch(
        (cause: unknown) => {
          throw new Error(`not committed:\n${child.output().slice(-OUTPUT_MAX_CHARACTERS)}`, {
            cause,
          });
        },
      );
      return { atMs, committed: seen, cpu: await cpuMicros(watched) };
    },
    whileStopped: async (work) => {
      child.signal('SIGSTOP');
      try {
        return await work();
      } finally {
        child.signal('SIGCONT');
      }
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function countCommitted({ database, topics }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ committed: number }>(
    `select coalesce(sum(next_offset - first_offset), 0)::float8 as committed from intake_progress
     where topic = any ($1)`,
    [Object.values(topics.names)],
  );
  return row?.committed ?? 0;
}

/** Figures per delivery between two marks. */
export function figuresBetween(begin: Mark, end: Mark): StepFigures {
  const counted = end.committed - begin.committed;
  const each = [...end.cpu].map(([name, used]): [string, number] => [
    name,
    (used - (begin.cpu.get(name) ?? 0)) / counted,
  ]);
  const cpu = Object.fromEntries(each);
  return {
    value: sumOwnMicros(cpu),
    perSecond: (counted / (end.atMs - begin.atMs)) * 1_000,
    cpuMicros: cpu,
  };
}

/** Sum of services and database, without the broker: its JIT compiler uses CPU for minutes after the start. */
export function sumOwnMicros(cpu: Readonly<Record<string, number>>): number {
  return (cpu['service'] ?? 0) + (cpu['relay'] ?? 0) + (cpu['postgres'] ?? 0);
}

export interface IntakeOptions {
  readonly system?: SystemOptions;
  /** Appends to the inputs, which contain `before` deliveries. Resolves with the number of added deliveries. */
  readonly load: (system: BenchSystem, before: number) => Promise<number>;
  /** Runs before any process starts. */
  readonly prepare?: (system: BenchSystem) => Promise<void>;
}

/** Warm-up events of the standard mix, processed first and not measured. */
const WARM_UP_EVENTS = 8_000;

/** Opens a system, fills its inputs and measures the cost of intake. */
export async function measureIntake(
  servers: Servers,
  options: IntakeOptions,
): Promise<StepFigures> {
  await using system = await openBenchSystem(servers, options.system);
  await options.prepare?.(system);
  return await measureWarm(system, options.load);
}

/** As `measureIntake`, on an open system. */
export async function measureWarm(
  system: BenchSystem,
  load: IntakeOptions['load'],
): Promise<StepFigures> {
  const { servers, topics } = system;
  const before = await countCommitted(system);
  const warmUp = standardWorkload({ events: WARM_UP_EVENTS, prefix: `w${before}-` });
  const warming = await loadTopics(servers.brokers, topics, warmUp, before);
  const warm = before + warming.deliveries;
  await system.database.query('checkpoint');
  await using course = await startIntakeRun(system);
  await course.until(warm);
  const deliveries = await course.whileStopped(() => load(system, warm));
  const begin = await course.until(warm);
  return figuresBetween(begin, await course.until(warm + deliveries));
}
