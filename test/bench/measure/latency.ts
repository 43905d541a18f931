import { type Arm, type OpenArm } from '../arms/arm.ts';
import { quantile } from '../statistics.ts';
import { openBenchSystem, type Servers } from '../system.ts';
import { feedOf } from '../workload/feed.ts';
import { loadTopics } from '../workload/load.ts';
import { standardWorkload, type Workload } from '../workload/workload.ts';
import { openGenerator } from './generator.ts';
import { openBenchReader, type Sample } from './reader.ts';
import { until } from './until.ts';

/** Latencies from the scheduled time of an event until all of its effects are visible. */
export interface LatencyFigures {
  readonly arm: string;
  /** Share of the capacity, from 0 to 1. */
  readonly load: number;
  /** Scheduled events per second. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Number of measured events with effects. */
  readonly samples: number;
  /** Events whose expected effect is missing. */
  readonly missing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Largest delay of the sender; included in the latency. */
  readonly lateMaxMs: number;
}

export interface LatencyOptions {
  readonly load: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Warm-up events, processed first. */
const WARM_UP_EVENTS = 20_000;
/** Start of the schedule that is not measured. */
const SETTLING_MS = 3_000;

/**
 * Sends on a fixed schedule (open loop) from a separate process, and measures latencies from the schedule. Both
 * processes use the monotonic clock of the machine.
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
  await using reader = await openBenchReader({ brokers, topics, isNumbered, withSamples: true });
  await open.start();
  await untilCommitted(open, sent.deliveries);
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
  await untilCommitted(open, sent.deliveries + events);
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

async function untilCommitted(open: OpenArm, deliveries: number): Promise<void> {
  await until(
    open,
    () => open.committed(),
    (committed) => committed >= deliveries,
  );
}

/** Time at which the last effect of each event was seen, by event number. */
export function seenByNumber(
  workload: Workload,
  samples: readonly Sample[],
): ReadonlyMap<number, number> {
  const deciding = new Map<string, number>();
  for (const { number, event } of feedOf(workload)) {
    if (hasEffect(event.type)) deciding.set(event.subject, number);
  }
  const seen = new Map<number, number>();
  for (const [key, seenMs] of samples) {
    const number = deciding.get(key) ?? numberOf(workload, key);
    if (number === undefined) continue;
    seen.set(number, Math.max(seen.get(number) ?? 0, seenMs));
  }
  return seen;
}

/** Number of an event, from its id. */
function numberOf({ prefix }: Workload, key: string): number | undefined {
  const begins = `${prefix}-`;
  const number = key.startsWith(begins) ? Number(key.slice(begins.length)) : Number.NaN;
  return Number.isInteger(number) ? number : undefined;
}

/** True for the right PIN, which settles a verification. Other reports have no effects. */
function hasEffect(type: string): boolean {
  return type === 'latchkey.verification.input-checked.v1';
}

/** Number of events with effects: all workforce events, and one per verification. */
function countExpected(workload: Workload): number {
  let count = 0;
  for (const { event } of feedOf(workload)) {
    if (hasEffect(event.type) || event.type.startsWith('latchkey.workforce.')) count += 1;
  }
  return count;
}
