import type { Arm, OpenArm } from '../arms/arm.ts';
import { type BenchSystem, openBenchSystem, type Servers, type SystemOptions } from '../system.ts';
import { loadTopics, type Sent } from '../workload/load.ts';
import type { Workload } from '../workload/workload.ts';
import { cpuMicros, highWaterBytes, serverProcesses, type Watched } from './processes.ts';
import { type BenchReader, openBenchReader } from './reader.ts';
import { until } from './until.ts';

/** Figures of one drained backlog. Rates and costs exclude the first batches. */
export interface DrainFigures {
  readonly arm: string;
  readonly deliveries: number;
  readonly messages: number;
  /** Deliveries a second until all were committed. */
  readonly commitPerSecond: number;
  /** Deliveries a second until the last message was seen by a `read_committed` consumer. */
  readonly visiblePerSecond: number;
  /** Microseconds of CPU a delivery: service, relay, postgres, broker, reader. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  readonly walBytes: number;
  /** Peak memory: service, relay. */
  readonly rssBytes: Readonly<Record<string, number>>;
  /** Violations. If there are any, the other figures are invalid. */
  readonly faults: readonly string[];
}

export interface DrainOptions {
  readonly system?: SystemOptions;
  /** Runs on the filled system before any process starts. */
  readonly prepare?: (system: BenchSystem) => Promise<void>;
  /** False: losses and duplicates are not checked (ablations cause them). */
  readonly isChecked?: boolean;
  /** Share of the deliveries that is excluded as warm-up; default: the first batches. */
  readonly warmUpShare?: number;
}

/** Fills the inputs, starts an arm, and waits until everything is published. */
export async function drain(
  servers: Servers,
  arm: Arm,
  workload: Workload,
  options: DrainOptions = {},
): Promise<DrainFigures> {
  await using system = await openBenchSystem(servers, options.system);
  const sent = await loadTopics(servers.brokers, system.topics, workload);
  await options.prepare?.(system);
  await using open = await arm.open(system);
  await using reader = await openBenchReader({
    brokers: servers.brokers,
    topics: open.outputs,
    isNumbered: arm.isNumbered,
  });
  // After a checkpoint, every round writes each page in full once.
  await system.database.query('checkpoint');
  const course = await runThrough(system, open, reader, sent, options.warmUpShare ?? 0);
  const isChecked = options.isChecked ?? true;
  const faults = isChecked ? await open.check(sent, await reader.report()) : [];
  return { arm: arm.name, deliveries: sent.deliveries, ...course, faults };
}

interface Mark {
  readonly atMs: number;
  readonly committed: number;
  readonly wal: number;
  readonly cpu: ReadonlyMap<string, number>;
}

async function runThrough(
  system: BenchSystem,
  open: OpenArm,
  reader: BenchReader,
  sent: Sent,
  warmUpShare: number,
): Promise<Omit<DrainFigures, 'arm' | 'deliveries' | 'faults'>> {
  const found = await serverProcesses(system.database, system.servers.pids);
  const watched = (): readonly Watched[] => [
    ...open.processes().map(({ role, child }) => ({ name: role, pids: [child.pid] })),
    ...found,
    { name: 'reader', pids: [reader.pid] },
  ];
  const mark = async (committed: number, atMs: number): Promise<Mark> => ({
    atMs,
    committed,
    wal: await walBytes(system),
    cpu: await cpuMicros(watched()),
  });
  await open.start();
  const first = await until(
    open,
    () => open.committed(),
    (committed) => committed > sent.deliveries * warmUpShare,
  );
  const begin = await mark(first.seen, first.atMs);
  const all = await until(
    open,
    () => open.committed(),
    (committed) => committed >= sent.deliveries,
  );
  const messages = await open.appended();
  await until(
    open,
    () => Promise.resolve(reader.read()),
    (read) => read >= messages,
  );
  const end = await mark(sent.deliveries, Math.max(reader.lastMs(), all.atMs));
  const counted = sent.deliveries - begin.committed;
  const each = [...end.cpu].map(([name, used]) => [
    name,
    (used - (begin.cpu.get(name) ?? 0)) / counted,
  ]);
  return {
    messages,
    commitPerSecond: (counted / (all.atMs - begin.atMs)) * 1_000,
    visiblePerSecond: (counted / (end.atMs - begin.atMs)) * 1_000,
    cpuMicros: Object.fromEntries(each) as Record<string, number>,
    walBytes: (end.wal - begin.wal) / counted,
    rssBytes: await highWater(open),
  };
}

async function walBytes({ database }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ bytes: number }>(
    "select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes",
  );
  return row?.bytes ?? 0;
}

async function highWater(open: OpenArm): Promise<Record<string, number>> {
  const most: Record<string, number> = {};
  for (const { role, child } of open.processes()) {
    most[role] = Math.max(most[role] ?? 0, (await highWaterBytes(child.pid)) ?? 0);
  }
  return most;
}
