import { PROGRESS_TOTALS, type ProgressTotals } from '../../support/checks.ts';
import type { OpenArm } from '../arms/arm.ts';
import { latchkey } from '../arms/latchkey.ts';
import { type BenchSystem, openBenchSystem, type Servers } from '../system.ts';
import { loadFeed, loadTopics } from '../workload/load.ts';
import { openSnapshots } from '../workload/snapshots.ts';
import { standardWorkload } from '../workload/workload.ts';
import { cpuMicros, highWaterBytes, residentBytes, serverProcesses } from './processes.ts';
import { until } from './until.ts';

/** Cost of some nights in sequence. */
export interface NightsFigures {
  readonly nights: number;
  readonly events: number;
  /** Microseconds of CPU an event: service, relay, postgres, broker. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  /** Memory at the end: service, relay. */
  readonly rssBytes: Readonly<Record<string, number>>;
  /** Events a second, without the time of sending. */
  readonly perSecond: number;
}

/** Nightly snapshots of the same persons. The night that creates the persons is in neither week. */
export interface YearFigures {
  readonly people: number;
  readonly nights: number;
  readonly firstWeek: NightsFigures;
  readonly lastWeek: NightsFigures;
  /** Peak memory: service, relay. */
  readonly peakBytes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

export interface YearOptions {
  readonly people: number;
  readonly nights: number;
  readonly print: (line: string) => void;
}

const WEEK_NIGHTS = 7;
/** The first snapshot and two weeks. */
export const NIGHTS_MIN_COUNT = 1 + 2 * WEEK_NIGHTS;
/** Warm-up events of the standard mix, processed first and not measured. */
const WARM_UP_EVENTS = 20_000;
const PRINTED_EVERY_NIGHTS = 28;

/** The state after a night. */
export interface NightMark {
  /** Cumulative, by process. */
  readonly cpu: ReadonlyMap<string, number>;
  readonly rssBytes: Readonly<Record<string, number>>;
  /** Cumulative milliseconds of processing. */
  readonly busyMs: number;
}

/**
 * Sends a snapshot, waits until all of it is decided and published, and sends the next. The reconciler is suspended while a
 * night is sent, so that the sizes of its batches do not depend on the sender.
 */
export async function measureYear(servers: Servers, options: YearOptions): Promise<YearFigures> {
  const { people, nights } = options;
  await using system = await openBenchSystem(servers);
  const warmUp = standardWorkload({ events: WARM_UP_EVENTS, prefix: 'w' });
  const { deliveries: warm } = await loadTopics(servers.brokers, system.topics, warmUp);
  await using open = await latchkey.open(system);
  await open.start();
  await untilPublished(system, open, warm);
  const found = await serverProcesses(system.database, servers.pids);
  const snapshotOf = openSnapshots(people);
  const marks: NightMark[] = [];
  let busyMs = 0;
  for (let night = 0; night < nights; night += 1) {
    const before = warm + night * people;
    await whileSuspended(open, () =>
      loadFeed(servers.brokers, system.topics, snapshotOf(night), before),
    );
    const startedMs = performance.now();
    await untilPublished(system, open, before + people);
    busyMs += performance.now() - startedMs;
    const own = open.processes().map(({ role, child }) => ({ name: role, pids: [child.pid] }));
    const cpu = await cpuMicros([...own, ...found]);
    marks.push({ cpu, rssBytes: await memoryOf(open, residentBytes), busyMs });
    if (night % PRINTED_EVERY_NIGHTS === WEEK_NIGHTS) {
      options.print(`night ${night}: ${lineOfNights(nightsBetween(marks, night, people))}`);
    }
  }
  return {
    people,
    nights,
    ...weeksOf(marks, people),
    peakBytes: await memoryOf(open, highWaterBytes),
    faults: await checkOutcome(system, warm + nights * people),
  };
}

/** The first week after the first snapshot, and the last. */
export function weeksOf(
  marks: readonly NightMark[],
  people: number,
): Pick<YearFigures, 'firstWeek' | 'lastWeek'> {
  if (marks.length < NIGHTS_MIN_COUNT) throw new RangeError('the weeks overlap');
  return {
    firstWeek: nightsBetween(marks, WEEK_NIGHTS, people),
    lastWeek: nightsBetween(marks, marks.length - 1, people),
  };
}

/** The week that ends with this night. */
function nightsBetween(marks: readonly NightMark[], last: number, people: number): NightsFigures {
  const [begin, end] = [marks[last - WEEK_NIGHTS], marks[last]];
  if (begin === undefined || end === undefined) throw new RangeError(`no week ends at ${last}`);
  const events = WEEK_NIGHTS * people;
  const each = [...end.cpu].map(([name, used]): [string, number] => [
    name,
    (used - (begin.cpu.get(name) ?? 0)) / events,
  ]);
  return {
    nights: WEEK_NIGHTS,
    events,
    cpuMicros: Object.fromEntries(each),
    rssBytes: end.rssBytes,
    perSecond: (events / (end.busyMs - begin.busyMs)) * 1_000,
  };
}

/** Microseconds of CPU an event without the broker, whose JIT compiler uses CPU for minutes after the start. */
export function ownCpuOf(cpu: NightsFigures['cpuMicros']): number {
  return (cpu['service'] ?? 0) + (cpu['relay'] ?? 0) + (cpu['postgres'] ?? 0);
}

/** Cost of an event in the last week as a multiple of the first. */
export function yearRatioOf({ firstWeek, lastWeek }: YearFigures): number {
  return ownCpuOf(lastWeek.cpuMicros) / ownCpuOf(firstWeek.cpuMicros);
}

export function lineOfNights({ cpuMicros: cpu, rssBytes, perSecond }: NightsFigures): string {
  const micros = Object.entries(cpu).map(([name, each]) => `${name} ${Math.round(each)} µs`);
  const memory = Object.entries(rssBytes).map(
    ([name, bytes]) => `${name} ${Math.round(bytes / 1e6)} MB`,
  );
  return [`${Math.round(perSecond)} events/s`, ...micros, ...memory].join(', ');
}

async function whileSuspended(open: OpenArm, work: () => Promise<unknown>): Promise<void> {
  const consumers = open.processes().filter(({ role }) => role === 'service');
  for (const { child } of consumers) child.signal('SIGSTOP');
  try {
    await work();
  } finally {
    for (const { child } of consumers) child.signal('SIGCONT');
  }
}

async function untilPublished(
  { database }: BenchSystem,
  open: OpenArm,
  deliveries: number,
): Promise<void> {
  await until(
    open,
    () => open.committed(),
    (committed) => committed >= deliveries,
  );
  const messages = await open.appended();
  const published = async (): Promise<number> => {
    const [row] = await database.query<{ published: number }>(
      'select coalesce(sum(published_through), 0)::float8 as published from relay_position',
    );
    return row?.published ?? 0;
  };
  await until(open, published, (count) => count >= messages);
}

async function memoryOf(
  open: OpenArm,
  read: (pid: number) => Promise<number | undefined>,
): Promise<Readonly<Record<string, number>>> {
  const bytes: Record<string, number> = {};
  for (const { role, child } of open.processes()) {
    bytes[role] = Math.max(bytes[role] ?? 0, (await read(child.pid)) ?? 0);
  }
  return bytes;
}

/** Expects that every event was applied. */
async function checkOutcome({ database }: BenchSystem, sent: number): Promise<readonly string[]> {
  const [totals] = await database.query<ProgressTotals & Record<string, number>>(PROGRESS_TOTALS);
  const done = (totals?.applied ?? 0) + (totals?.stale ?? 0);
  return done === sent ? [] : [`${done} of ${sent} events are applied: ${JSON.stringify(totals)}`];
}
