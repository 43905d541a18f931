import { markdownTable } from '../report/table.ts';
import { nameOf } from './judge.ts';
import type { GrowthPoint, GrowthResult } from './result.ts';

const RATE = 'events/s';

/** Table of all axes with bounds and results. */
export function growthOverview(results: readonly GrowthResult[]): string {
  const rows = results.map(({ axis, bound, note, verdict, size }) => [
    axis,
    size,
    bound,
    note,
    verdict === 'beyond' ? '**beyond**' : verdict,
  ]);
  return markdownTable([['axis', 'sizes', 'bound', 'measured', 'result'], ...rows]);
}

/** The growth section of the report, in Markdown. */
export function growthSection(results: readonly GrowthResult[]): readonly string[] {
  const measured = results.filter(({ points }) => points.length > 0);
  return [growthOverview(results), ...measured.flatMap(axisSection)];
}

/** File name of the plot of an axis, below docs/performance. */
export function growthPlotName({ axis }: GrowthResult): string {
  return `growth-${axis.replaceAll(' ', '-')}.svg`;
}

function axisSection(result: GrowthResult): readonly string[] {
  const { axis, what, points } = result;
  const roles = columnsOf(points, ({ cpuMicros }) => cpuMicros);
  const further = columnsOf(points, (point) => point.further);
  const unit = points[0]?.unit ?? '';
  const hasRate = unit !== RATE && points.some(({ perSecond }) => perSecond !== undefined);
  const head = [what, unit, ...(hasRate ? ['a second'] : []), ...further];
  const rows = points.map((point) => [
    nameOf(point),
    figure(point.value),
    ...(hasRate ? [figure(point.perSecond)] : []),
    ...further.map((name) => figure(point.further?.[name])),
    ...roles.map((role) => figure(point.cpuMicros?.[role])),
  ]);
  const repetitions = Math.max(...points.map((point) => point.repetitions));
  return [
    `### Growth of ${axis}`,
    ...(repetitions > 1 ? [`Medians of ${repetitions} repetitions, steps in sequence.`] : []),
    markdownTable([[...head, ...roles.map((role) => `${role} µs`)], ...rows]),
    `![${axis}](performance/${growthPlotName(result)})`,
  ];
}

function columnsOf(
  points: readonly GrowthPoint[],
  figuresOf: (point: GrowthPoint) => Readonly<Record<string, number>> | undefined,
): readonly string[] {
  return [...new Set(points.flatMap((point) => Object.keys(figuresOf(point) ?? {})))];
}

/** Formats a point as one line for the terminal. */
export function describePoint(point: GrowthPoint): string {
  const { value, unit, perSecond, cpuMicros = {}, further = {} } = point;
  const rate = perSecond === undefined || unit === RATE ? [] : [`${figure(perSecond)}/s`];
  const others = Object.entries(further).map(([name, number]) => `${name} ${figure(number)}`);
  const cpu = Object.entries(cpuMicros).map(([role, micros]) => `${role} ${figure(micros)} µs`);
  return [`${nameOf(point)}: ${figure(value)} ${unit}`, ...rate, ...others, ...cpu].join(', ');
}

function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
