import { readdir, readFile } from 'node:fs/promises';
import type { TestDatabase } from '../../support/create-database.ts';

/** Processes whose CPU time is summed. */
export interface Watched {
  readonly name: string;
  readonly pids: readonly number[];
  /** True: includes children, also those that have ended (PostgreSQL). */
  readonly withChildren?: boolean;
}

const TICKS_PER_SECOND = 100;
const MICROS_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

interface Stat {
  readonly parent: number;
  readonly ownTicks: number;
  /** Ticks of children that have ended and were waited for. */
  readonly endedTicks: number;
}

/** Microseconds of CPU that each group has used so far. A process that has ended counts 0. */
export async function cpuMicros(watched: readonly Watched[]): Promise<ReadonlyMap<string, number>> {
  const needsAll = watched.some(({ withChildren }) => withChildren === true);
  const all = needsAll ? await readAll() : new Map<number, Stat>();
  const figures = new Map<string, number>();
  for (const { name, pids, withChildren = false } of watched) {
    let ticks = 0;
    for (const pid of pids) ticks += await ticksOf(pid, withChildren ? all : undefined);
    figures.set(name, (figures.get(name) ?? 0) + ticks * MICROS_PER_TICK);
  }
  return figures;
}

/** @param all - processes among which children are looked up; undefined: without children */
async function ticksOf(pid: number, all: ReadonlyMap<number, Stat> | undefined): Promise<number> {
  const stat = await readStat(pid);
  if (stat === undefined) return 0;
  if (all === undefined) return stat.ownTicks;
  const children = [...all.values()].filter(({ parent }) => parent === pid);
  const living = children.reduce((sum, { ownTicks }) => sum + ownTicks, 0);
  return stat.ownTicks + stat.endedTicks + living;
}

/** Peak resident memory of a process; undefined if it has ended. */
export function highWaterBytes(pid: number): Promise<number | undefined> {
  return statusBytes(pid, /^VmHWM:\s+(\d+) kB/m);
}

/** Resident memory of a process now; undefined if it has ended. */
export function residentBytes(pid: number): Promise<number | undefined> {
  return statusBytes(pid, /^VmRSS:\s+(\d+) kB/m);
}

async function statusBytes(pid: number, line: RegExp): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kibibytes] = line.exec(status) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Processes of the servers on this machine. Servers that are not found are left out. */
export async function serverProcesses(
  database: TestDatabase,
  pids: readonly number[],
): Promise<readonly Watched[]> {
  const [backend] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = (await readStat(backend?.pid ?? 0))?.parent;
  const isOurs = postmaster !== undefined && (await commandOf(postmaster)).includes('postgres');
  const candidates = pids.length > 0 ? pids : await allPids();
  const brokers: number[] = [];
  for (const pid of candidates) {
    if ((await commandOf(pid)).includes('kafka.Kafka')) brokers.push(pid);
  }
  return [
    ...(isOurs ? [{ name: 'postgres', pids: [postmaster], withChildren: true }] : []),
    ...(brokers.length > 0 ? [{ name: 'broker', pids: brokers }] : []),
  ];
}

async function readAll(): Promise<Map<number, Stat>> {
  const stats = new Map<number, Stat>();
  for (const pid of await allPids()) {
    const stat = await readStat(pid);
    if (stat !== undefined) stats.set(pid, stat);
  }
  return stats;
}

async function allPids(): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => []);
  return names.map(Number).filter((pid) => Number.isInteger(pid));
}

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}

/** Reads `/proc/<pid>/stat` after the name, which may contain any character. */
async function readStat(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { parent: fields[1] ?? 0, ownTicks: utime + stime, endedTicks: cutime + cstime };
}
