import type { DrainFigures } from '../measure/drain.ts';
import { yearRatioOf } from '../measure/year.ts';
import { median } from '../statistics.ts';
import type { Parts } from './results.ts';
import { messagesPerEvent, wholeOf } from './table.ts';

/** Targets of Latchkey, for figures of one run. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  /** Undefined if not measured. */
  readonly value: number | undefined;
  readonly found: string;
  readonly isMet: boolean | undefined;
}

const RATIOS = [
  { what: 'C/A, speed relative to the naive consumer', of: 'A', least: 25 },
  { what: 'C/B, speed relative to pg-transactional-outbox', of: 'B', least: 40 },
  { what: 'C/D, speed relative to the raw floor', of: 'D', least: 0.6 },
] as const;
const RELAY_LEAST = 1.5;
const LATENCY_LOAD = 0.5;
const LATENCY_MOST_MS = 100;
const MEMORY_MOST_BYTES = 300e6;
const YEAR_MOST = 1.25;
const BACKLOG_EVENTS = 1_000_000;

export function targetsOf(parts: Parts): readonly Target[] {
  return [
    ...RATIOS.map((ratio) => ratioTarget(parts, ratio)),
    relayTarget(parts),
    latencyTarget(parts),
    memoryTarget(parts),
    yearTarget(parts),
  ];
}

/** Medians of the rounds with a score, by arm. */
export function ratesByArm(
  throughput: readonly DrainFigures[],
  rateOf: (figures: DrainFigures) => number,
): ReadonlyMap<string, number> {
  const sound = throughput.filter(({ faults }) => faults.length === 0);
  const arms = Map.groupBy(sound, ({ arm }) => arm);
  return new Map([...arms].map(([arm, rounds]) => [arm, median(rounds.map(rateOf))]));
}

function ratioTarget({ throughput }: Parts, { what, of, least }: (typeof RATIOS)[number]): Target {
  const rates = ratesByArm(throughput?.figures ?? [], ({ visiblePerSecond }) => visiblePerSecond);
  const value = quotient(rates.get('C'), rates.get(of));
  const digits = least < 1 ? 2 : 1;
  return target(
    what,
    `≥ ${least}`,
    value,
    (found) => found.toFixed(digits),
    (found) => found >= least,
  );
}

/** Compares messages: intake appends more than one per event. */
function relayTarget({ throughput, relay }: Parts): Target {
  const intake = ratesByArm(
    throughput?.figures ?? [],
    (figures) => figures.commitPerSecond * messagesPerEvent(figures),
  ).get('C');
  const alone = relay && median(relay.figures.map(({ perSecond }) => perSecond));
  return target(
    'relay alone / intake, messages a second',
    `≥ ${RELAY_LEAST}`,
    quotient(alone, intake),
    (found) => found.toFixed(2),
    (found) => found >= RELAY_LEAST,
  );
}

function latencyTarget({ latency }: Parts): Target {
  const found = latency?.figures.find(({ load }) => load === LATENCY_LOAD);
  return target(
    'p99 end to end at half capacity',
    `≤ ${LATENCY_MOST_MS} ms`,
    found?.p99Ms,
    (ms) => `${ms.toFixed(0)} ms`,
    (ms) => ms <= LATENCY_MOST_MS,
  );
}

function memoryTarget({ backlog }: Parts): Target {
  const [found] = backlog?.figures ?? [];
  const isLong = found !== undefined && found.deliveries >= BACKLOG_EVENTS;
  return target(
    'memory of the reconciler with a backlog of 10⁶ events',
    '< 300 MB',
    isLong ? found.rssBytes['service'] : undefined,
    (bytes) => `${Math.round(bytes / 1e6)} MB`,
    (bytes) => bytes < MEMORY_MOST_BYTES,
  );
}

function yearTarget({ year }: Parts): Target {
  return target(
    'nightly snapshots, CPU an event: last week / first week',
    `≤ ${YEAR_MOST}`,
    year && yearRatioOf(year.figures),
    (ratio) =>
      `${ratio.toFixed(2)}, ${year?.figures.nights} nights of ${wholeOf(year?.figures.people ?? 0)}`,
    (ratio) => ratio <= YEAR_MOST,
  );
}

function target(
  what: string,
  wanted: string,
  value: number | undefined,
  textOf: (value: number) => string,
  isMet: (value: number) => boolean,
): Target {
  const isKnown = value !== undefined && !Number.isNaN(value);
  return {
    what,
    wanted,
    value: isKnown ? value : undefined,
    found: isKnown ? textOf(value) : 'not measured',
    isMet: isKnown ? isMet(value) : undefined,
  };
}

function quotient(above: number | undefined, below: number | undefined): number | undefined {
  return above === undefined || below === undefined ? undefined : above / below;
}
