import { expect, test } from 'vitest';
import { type Measured, ratiosOf } from './ratios.ts';

function measured(cpu: number, p50Ms: number): Measured {
  return {
    throughput: {
      arm: 'C',
      deliveries: 100,
      messages: 100,
      commitPerSecond: 1_000 / cpu,
      visiblePerSecond: 1_000 / cpu,
      cpuMicros: { service: cpu, relay: cpu },
      walBytes: 1,
      rssBytes: {},
      faults: [],
    },
    latency: {
      arm: 'C',
      load: Number.NaN,
      perSecond: 10,
      seconds: 1,
      samples: 10,
      missing: 0,
      p50Ms,
      p99Ms: 1,
      maxMs: 1,
      lateMaxMs: 0,
    },
  };
}

test('a ratio is the median of the ratios of pairs, not the ratio of the medians', () => {
  const pairs = [
    { here: measured(10, 1), there: measured(10, 2) },
    { here: measured(30, 1), there: measured(20, 2) },
    { here: measured(400, 1), there: measured(100, 2) },
  ];
  const ratios = new Map(ratiosOf(pairs).map(({ name, ratio }) => [name, ratio]));
  expect(ratios.get('CPU µs/event, reconciler + relay')).toEqual({
    median: 1.5,
    least: 1,
    most: 4,
    count: 3,
  });
  expect(ratios.get('latency p50, ms')?.median).toBe(0.5);
});

test('a figure that is not known has no ratio', () => {
  const [pair] = [{ here: measured(1, 1), there: measured(1, 1) }];
  const postgres = ratiosOf([pair]).find(({ name }) => name.includes('PostgreSQL'));
  expect(postgres?.ratio.median).toBeNaN();
});
