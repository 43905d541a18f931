import type { DrainFigures } from '../measure/drain.ts';
import type { LatencyFigures } from '../measure/latency.ts';
import type { RelayFigures } from '../measure/relay-alone.ts';
import { type NightsFigures, ownCpuOf, type YearFigures } from '../measure/year.ts';
import { median, summaryOf } from '../statistics.ts';
import { cpuSumOf, markdownTable, messagesPerEvent, WORKERS, wholeOf } from './table.ts';
import { type Target } from './targets.ts';

export function targetsTable(targets: readonly Target[]): string {
  const rows = targets.map(({ what, wanted, found, isMet }) => [
    what,
    wanted,
    found,
    isMet === undefined ? '–' : isMet ? 'met' : '**missed**',
  ]);
  return markdownTable([['target', 'goal', 'measured', ''], ...rows]);
}

/** Arms by name, in order of their first round. */
function armsOf(rounds: readonly DrainFigures[]): readonly (readonly [string, DrainFigures[]])[] {
  return [...Map.groupBy(rounds, ({ arm }) => arm)];
}

export function ratesTable(
  rounds: readonly DrainFigures[],
  names: ReadonlyMap<string, string>,
): string {
  const rows = armsOf(rounds).map(([arm, own]) => [
    names.get(arm) ?? arm,
    rangeOf(own.map(({ commitPerSecond }) => commitPerSecond)),
    rangeOf(own.map(({ visiblePerSecond }) => visiblePerSecond)),
    median(own.map(messagesPerEvent)).toFixed(2),
    String(own.length),
    wholeOf(median(own.map(({ deliveries }) => deliveries))),
    scoreOf(own),
  ]);
  const head = [
    'arm',
    'events/s to commit',
    'events/s to visibility',
    'messages/event',
    'rounds',
    'events per round',
    'lost or duplicated',
  ];
  return markdownTable([head, ...rows]);
}

function scoreOf(rounds: readonly DrainFigures[]): string {
  const broken = rounds.filter(({ faults }) => faults.length > 0).length;
  return broken === 0 ? 'none' : `**no score**: ${broken} rounds`;
}

export function costsTable(
  rounds: readonly DrainFigures[],
  names: ReadonlyMap<string, string>,
): string {
  const cpu = (own: readonly DrainFigures[], process: string): string =>
    microsOf(median(own.map(({ cpuMicros }) => cpuMicros[process] ?? 0)));
  const memory = (own: readonly DrainFigures[], process: string): string =>
    wholeOf(Math.max(...own.map(({ rssBytes }) => rssBytes[process] ?? 0)) / 1e6);
  const rows = armsOf(rounds).map(([arm, own]) => [
    names.get(arm) ?? arm,
    ...WORKERS.map((process) => cpu(own, process)),
    microsOf(median(own.map(cpuSumOf))),
    cpu(own, 'reader'),
    wholeOf(median(own.map(({ walBytes }) => walBytes))),
    memory(own, 'service'),
    memory(own, 'relay'),
  ]);
  const head = [
    'CPU µs/event',
    ...WORKERS,
    'sum',
    '(reader)',
    'WAL B/event',
    'service MB',
    'relay MB',
  ];
  return markdownTable([head, ...rows]);
}

/** Cost of each guarantee, compared with complete Latchkey in the same rounds. */
export function ablationsTable(rounds: readonly DrainFigures[]): string {
  const whole = rounds.filter(({ arm }) => arm === 'C');
  const rateOf = (own: readonly DrainFigures[]): number =>
    median(own.map(({ commitPerSecond }) => commitPerSecond));
  const rows = armsOf(rounds).map(([arm, own]) => [
    arm === 'C' ? 'Latchkey' : arm.replace('C−', 'without '),
    wholeOf(rateOf(own)),
    `${((rateOf(own) / rateOf(whole) - 1) * 100).toFixed(0)} %`,
    microsOf(median(own.map(cpuSumOf))),
    microsOf(median(own.map(cpuSumOf)) - median(whole.map(cpuSumOf))),
    wholeOf(median(own.map(({ walBytes }) => walBytes))),
  ]);
  const head = ['', 'events/s to commit', 'faster by', 'CPU µs/event', 'difference', 'WAL B/event'];
  return markdownTable([head, ...rows]);
}

export function latencyTable(figures: readonly LatencyFigures[]): string {
  const rows = figures.map((one) => [
    `${Math.round(one.load * 100)} %`,
    wholeOf(one.perSecond),
    one.p50Ms.toFixed(1),
    one.p99Ms.toFixed(1),
    one.maxMs.toFixed(0),
    wholeOf(one.samples),
    String(one.missing),
    one.lateMaxMs.toFixed(0),
  ]);
  const head = [
    'of capacity',
    'events/s',
    'p50 ms',
    'p99 ms',
    'max ms',
    'events measured',
    'without effect',
    'max delay of the sender, ms',
  ];
  return markdownTable([head, ...rows]);
}

export function relayTable(figures: readonly RelayFigures[]): string {
  const cpu = (process: string): string =>
    microsOf(median(figures.map(({ cpuMicros }) => cpuMicros[process] ?? 0)));
  const row = [
    rangeOf(figures.map(({ perSecond }) => perSecond)),
    cpu('relay'),
    cpu('postgres'),
    cpu('broker'),
    cpu('reader'),
    wholeOf(Math.max(...figures.map(({ rssBytes }) => rssBytes)) / 1e6),
  ];
  const head = [
    'messages/s',
    'CPU µs/message: relay',
    'postgres',
    'broker',
    '(reader)',
    'relay MB',
  ];
  return markdownTable([head, row]);
}

/** The first week and the last of nightly snapshots. */
export function yearTable(year: YearFigures): string {
  const rowOf = (what: string, { cpuMicros, rssBytes, perSecond }: NightsFigures): string[] => [
    what,
    wholeOf(perSecond),
    ...WORKERS.map((process) => microsOf(cpuMicros[process] ?? 0)),
    microsOf(ownCpuOf(cpuMicros)),
    wholeOf((rssBytes['service'] ?? 0) / 1e6),
    wholeOf((rssBytes['relay'] ?? 0) / 1e6),
  ];
  const head = ['', 'events/s', ...WORKERS.map((name) => `${name} µs`), 'services + PostgreSQL µs'];
  return markdownTable([
    [...head, 'service MB', 'relay MB'],
    rowOf('first week', year.firstWeek),
    rowOf('last week', year.lastWeek),
  ]);
}

function rangeOf(figures: readonly number[]): string {
  const { median: middle, least, most } = summaryOf(figures);
  return `${wholeOf(middle)} (${wholeOf(least)}–${wholeOf(most)})`;
}

function microsOf(micros: number): string {
  return Math.abs(micros) < 100 ? micros.toFixed(1) : wholeOf(micros);
}
