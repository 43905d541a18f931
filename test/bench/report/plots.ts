import * as echarts from 'echarts';
import { nameOf } from '../growth/judge.ts';
import type { GrowthResult } from '../growth/result.ts';
import { growthPlotName } from '../growth/section.ts';
import type { DrainFigures } from '../measure/drain.ts';
import { median } from '../statistics.ts';
import type { Results } from './results.ts';
import { WORKERS } from './table.ts';

const WIDTH = 760;
const HEIGHT = 320;

/** Interaction markup, which a static picture does not need and which differs between processes. */
const STYLES = /<style[^]*?<\/style>\n?/;
const INTERACTION = / (?:class|ecmeta_[a-z_]+|pointer-events)="[^"]*"/g;

/** The plots of the page as SVG, by file name. */
export function plotsOf({ parts }: Results): ReadonlyMap<string, string> {
  const { throughput, latency, growth } = parts;
  const plots = new Map<string, string>();
  if (throughput !== undefined) {
    plots.set('throughput.svg', svgOf(throughputOption(throughput.figures)));
    plots.set('cpu.svg', svgOf(cpuOption(throughput.figures)));
  }
  if (latency !== undefined) {
    const loads = latency.figures.map(({ load }) => `${Math.round(load * 100)} %`);
    const series = [
      { name: 'p50', data: latency.figures.map(({ p50Ms }) => shortOf(p50Ms)) },
      { name: 'p99', data: latency.figures.map(({ p99Ms }) => shortOf(p99Ms)) },
    ];
    plots.set('latency.svg', svgOf(barOption('ms', loads, series)));
  }
  for (const result of growth?.figures ?? []) {
    if (result.points.length > 0) plots.set(growthPlotName(result), svgOf(growthOption(result)));
  }
  return plots;
}

interface Series {
  readonly name: string;
  readonly data: readonly number[];
}

export function svgOf(option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: HEIGHT,
  });
  chart.setOption({ animation: false, backgroundColor: '#fff', ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replace(STYLES, '').replaceAll(INTERACTION, '')}\n`;
}

function barOption(
  unit: string,
  categories: readonly string[],
  series: readonly Series[],
  more: object = {},
): echarts.EChartsCoreOption {
  return {
    legend: { top: 0, itemGap: 24 },
    grid: { left: 70, right: 20, top: 40, bottom: 30 },
    xAxis: { type: 'category', data: [...categories] },
    yAxis: { type: 'value', name: unit },
    series: series.map(({ name, data }) => ({
      type: 'bar',
      name,
      data: [...data],
      label: { show: true, position: 'top' },
    })),
    ...more,
  };
}

function throughputOption(rounds: readonly DrainFigures[]): echarts.EChartsCoreOption {
  const arms = [...Map.groupBy(rounds, ({ arm }) => arm)];
  const rateOf = (name: string, rate: (figures: DrainFigures) => number): Series => ({
    name,
    data: arms.map(([, own]) => Math.round(median(own.map(rate)))),
  });
  const series = [
    rateOf('to commit', ({ commitPerSecond }) => commitPerSecond),
    rateOf('to visibility', ({ visiblePerSecond }) => visiblePerSecond),
  ];
  const names = arms.map(([arm]) => arm);
  return barOption('events/s', names, series, {
    yAxis: { type: 'log', name: 'events/s', min: 10 },
  });
}

/** Equal distances between steps, which are mostly powers of ten. */
function growthOption({ what, points }: GrowthResult): echarts.EChartsCoreOption {
  return {
    grid: { left: 70, right: 30, top: 40, bottom: 50 },
    xAxis: {
      type: 'category',
      data: points.map(nameOf),
      name: what,
      nameLocation: 'middle',
      nameGap: 30,
    },
    yAxis: { type: 'value', name: points[0]?.unit ?? '', min: 0 },
    series: [
      {
        type: 'line',
        data: points.map(({ value }) => shortOf(value)),
        label: { show: true, position: 'top' },
      },
    ],
  };
}

function cpuOption(rounds: readonly DrainFigures[]): echarts.EChartsCoreOption {
  const arms = [...Map.groupBy(rounds, ({ arm }) => arm)];
  return {
    legend: { top: 0, itemGap: 24 },
    grid: { left: 70, right: 20, top: 40, bottom: 30 },
    xAxis: { type: 'log', name: 'µs' },
    yAxis: { type: 'category', data: arms.map(([arm]) => arm) },
    series: WORKERS.map((process) => ({
      type: 'bar',
      name: process,
      data: arms.map(([, own]) =>
        shortOf(median(own.map(({ cpuMicros }) => cpuMicros[process] ?? 0))),
      ),
    })),
  };
}

function shortOf(figure: number): number {
  return Number(figure.toPrecision(3));
}
