import { spawnService } from '../../support/process.ts';
import { cpuMicros, serverProcesses } from '../measure/processes.ts';
import { until } from '../measure/until.ts';
import { type BenchSystem, openBenchSystem, type Servers, type SystemOptions } from '../system.ts';
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
  /** Fills the inputs; resolves with the number of deliveries. */
  readonly load: (system: BenchSystem) => Promise<number>;
  /** Runs before anything is started. */
  readonly prepare?: (system: BenchSystem) => Promise<void>;
}

/** Of what a run takes, so much warms it up and is not counted. */
const WARM_UP_SHARE = 0.3;

/** Fills the inputs of a system of its own and measures what taking them costs. */
export async function measureIntake(
  servers: Servers,
  options: IntakeOptions,
): Promise<StepFigures> {
  await using system = await openBenchSystem(servers, options.system);
  const deliveries = await options.load(system);
  await options.prepare?.(system);
  await system.database.query('checkpoint');
  await using course = await openCourse(system);
  const begin = await course.until(Math.ceil(deliveries * WARM_UP_SHARE));
  return figuresBetween(begin, await course.until(deliveries));
}
