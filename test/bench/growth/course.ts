import { spawnService } from '../../support/process.ts';
import { cpuMicros, serverProcesses } from '../measure/processes.ts';
import { until } from '../measure/until.ts';
import { type BenchSystem, openBenchSystem, type Servers, type SystemOptions } from '../system.ts';
import { loadTopics } from '../workload/load.ts';
import { standardWorkload } from '../workload/workload.ts';
import type { StepFigures } from './axis.ts';

/** Where a course stood at one moment. */
export interface Mark {
  readonly atMs: number;
  readonly taken: number;
  readonly cpu: ReadonlyMap<string, number>;
}

/** Reconcilers that take what the inputs hold; nobody publishes. Disposing kills them. */
export interface Course extends AsyncDisposable {
  /** Resolves when so many deliveries were taken since the system was opened, or soon after. */
  until(taken: number): Promise<Mark>;
  /** Whatever `work` does, nothing is taken meanwhile. It must not take longer than the group waits for a member. */
  whileStopped<T>(work: () => Promise<T>): Promise<T>;
}

const OUTPUT_MAX_CHARACTERS = 4_000;

export async function openCourse(system: BenchSystem): Promise<Course> {
  const child = await spawnService('reconciler', { env: system.env });
  const servers = await serverProcesses(system.database, system.servers.pids);
  const watched = [{ name: 'service', pids: [child.pid] }, ...servers];
  const open = { processes: () => [{ role: 'service' as const, child }] };
  return {
    until: async (wanted) => {
      const look = (): Promise<number> => takenOf(system);
      const { seen, atMs } = await until(open, look, (taken) => taken >= wanted).catch(
        (cause: unknown) => {
          throw new Error(`not taken:\n${child.output().slice(-OUTPUT_MAX_CHARACTERS)}`, { cause });
        },
      );
      return { atMs, taken: seen, cpu: await cpuMicros(watched) };
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

async function takenOf({ database, topics }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ taken: number }>(
    `select coalesce(sum(next_offset - first_offset), 0)::float8 as taken from intake_progress
     where topic = any ($1)`,
    [Object.values(topics.names)],
  );
  return row?.taken ?? 0;
}

/** What lay between two marks, each delivery. */
export function figuresBetween(begin: Mark, end: Mark): StepFigures {
  const counted = end.taken - begin.taken;
  const each = [...end.cpu].map(([name, used]): [string, number] => [
    name,
    (used - (begin.cpu.get(name) ?? 0)) / counted,
  ]);
  const cpu = Object.fromEntries(each);
  return {
    value: ownMicros(cpu),
    perSecond: (counted / (end.atMs - begin.atMs)) * 1_000,
    cpuMicros: cpu,
  };
}

/** Of what is ours and of the database: the broker compiles itself for minutes after its start. */
export function ownMicros(cpu: Readonly<Record<string, number>>): number {
  return (cpu['service'] ?? 0) + (cpu['relay'] ?? 0) + (cpu['postgres'] ?? 0);
}

export interface IntakeOptions {
  readonly system?: SystemOptions;
  /** Fills the inputs behind `before` deliveries that are there already; resolves with the number of those that it added. */
  readonly load: (system: BenchSystem, before: number) => Promise<number>;
  /** Runs before anything is started. */
  readonly prepare?: (system: BenchSystem) => Promise<void>;
}

/** Taken first and not counted, so that what is measured runs warm. Of the standard mix, whatever is measured. */
const WARM_UP_EVENTS = 8_000;

/** Fills the inputs of a system of its own and measures what taking them costs. */
export async function measureIntake(
  servers: Servers,
  options: IntakeOptions,
): Promise<StepFigures> {
  await using system = await openBenchSystem(servers, options.system);
  await options.prepare?.(system);
  return await measureWarm(system, options.load);
}

/** The same on a system that is there already. */
export async function measureWarm(
  system: BenchSystem,
  load: IntakeOptions['load'],
): Promise<StepFigures> {
  const { servers, topics } = system;
  const before = await takenOf(system);
  const warmUp = standardWorkload({ events: WARM_UP_EVENTS, prefix: `w${before}-` });
  const warming = await loadTopics(servers.brokers, topics, warmUp, before);
  const warm = before + warming.deliveries;
  await system.database.query('checkpoint');
  await using course = await openCourse(system);
  await course.until(warm);
  const deliveries = await course.whileStopped(() => load(system, warm));
  const begin = await course.until(warm);
  return figuresBetween(begin, await course.until(warm + deliveries));
}
