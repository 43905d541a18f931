import { type Arm, type OpenArm } from '../arms/arm.ts';
import { quantile } from '../statistics.ts';
import { openBenchSystem, type Servers } from '../system.ts';
import { feedOf } from '../workload/feed.ts';
import { loadTopics } from '../workload/load.ts';
import { standardWorkload, type Workload } from '../workload/workload.ts';
import { openGenerator } from './generator.ts';
import { openBenchReader, type Sample } from './reader.ts';
import { until } from './until.ts';

/** How long it takes from the moment at which an event was to be sent until all its effects are visible. */
export interface LatencyFigures {
  readonly arm: string;
  /** Of the capacity, from 0 to 1. */
  readonly load: number;
  /** Events that were to be sent each second. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Events with effects that were counted. */
  readonly samples: number;
  /** Events that should have had an effect and had none. */
  readonly missing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How late the sender was at worst; counted in the latency. */
  readonly lateMaxMs: number;
}

export interface LatencyOptions {
  readonly load: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Taken first, so that what is measured runs warm. */
const WARM_UP_EVENTS = 20_000;
/** At the beginning of the schedule; not counted. */
const SETTLING_MS = 3_000;

/**
 * Sends by a fixed schedule, whatever happens meanwhile, from a process of its own; latencies are counted from the
 * schedule. Both clocks are the machine's monotonic one.
 */
export async function measureLatency(
  servers: Servers,
  arm: Arm,
  { load, perSecond, seconds }: LatencyOptions,
): Promise<LatencyFigures> {
  await using system = await openBenchSystem(servers);
  const { brokers } = servers;
  const warmUp = standardWorkload({ events: WARM_UP_EVENTS, prefix: 'w' });
  const sent = await loadTopics(brokers, system.topics, warmUp);
  await using open = await arm.open(system);
  const { outputs: topics } = open;
  const { isNumbered } = arm;
  await using reader = await openBenchReader({ brokers, topics, isNumbered, takesSamples: true });
  await open.start();
  await untilTaken(open, sent.deliveries);
  const events = Math.round(perSecond * seconds);
  const workload = standardWorkload({ events, prefix: 'l', order: 'mixed' });
  await using generator = await openGenerator({
    brokers,
    topics: system.topics.names,
    workload,
    perSecond,
  });
  await system.database.query('checkpoint');
  const { beginMs, lateMaxMs } = await generator.run();
  await untilTaken(open, sent.deliveries + events);
  const appended = await open.appended();
  await until(
    open,
    () => Promise.resolve(reader.read()),
    (read) => read >= appended,
  );
  const { samples, faults } = await reader.report();
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const scheduled = (number: number): number => beginMs + (number / perSecond) * 1_000;
  const seen = seenByNumber(workload, samples);
  const counted = [...seen].filter(([number]) => scheduled(number) >= beginMs + SETTLING_MS);
  const latencies = counted.map(([number, seenMs]) => seenMs - scheduled(number));
  return {
    arm: arm.name,
    load,
    perSecond,
    seconds,
    samples: latencies.length,
    missing: countExpected(workload) - seen.size,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    lateMaxMs,
  };
}

async function untilTaken(open: OpenArm, deliveries: number): Promise<void> {
  await until(
    open,
    () => open.taken(),
    (taken) => taken >= deliveries,
  );
}

/** When the last effect of each event was seen, by the event's number. */
export function seenByNumber(
  workload: Workload,
  samples: readonly Sample[],
): ReadonlyMap<number, number> {
  const deciding = new Map<string, number>();
  for (const { number, event } of feedOf(workload)) {
    if (isDeciding(event.type)) deciding.set(event.subject, number);
  }
  const seen = new Map<number, number>();
  for (const [key, seenMs] of samples) {
    const number = deciding.get(key) ?? numberOf(workload, key);
    if (number === undefined) continue;
    seen.set(number, Math.max(seen.get(number) ?? 0, seenMs));
  }
  return seen;
}

/** Of an event id. */
function numberOf({ prefix }: Workload, key: string): number | undefined {
  const begins = `${prefix}-`;
  const number = key.startsWith(begins) ? Number(key.slice(begins.length)) : Number.NaN;
  return Number.isInteger(number) ? number : undefined;
}

/** The right PIN settles a verification; what else is reported of it is seen by nobody. */
function isDeciding(type: string): boolean {
  return type === 'latchkey.verification.input-checked.v1';
}

/** Every event about a person changes something. */
function countExpected(workload: Workload): number {
  let count = 0;
  for (const { event } of feedOf(workload)) {
    if (isDeciding(event.type) || event.type.startsWith('latchkey.workforce.')) count += 1;
  }
  return count;
}
