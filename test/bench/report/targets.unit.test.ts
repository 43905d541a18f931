import { expect, test } from 'vitest';
import type { DrainFigures } from '../measure/drain.ts';
import type { Measured } from './results.ts';
import { targetsOf } from './targets.ts';

function measured<T>(figures: T): Measured<T> {
  return { at: '2026-01-01T00:00:00.000Z', command: 'npm run bench', commit: 'abc', figures };
}

function round(
  arm: string,
  visiblePerSecond: number,
  faults: readonly string[] = [],
): DrainFigures {
  return {
    arm,
    deliveries: 100,
    messages: 150,
    commitPerSecond: visiblePerSecond,
    visiblePerSecond,
    cpuMicros: {},
    walBytes: 0,
    rssBytes: {},
    faults,
  };
}

test('ratios are of medians', () => {
  const figures = [
    round('C', 90),
    round('C', 100),
    round('C', 500),
    round('A', 2),
    round('D', 125),
  ];
  const [naive, , floor] = targetsOf({ throughput: measured(figures) });

  expect(naive).toMatchObject({ value: 50, found: '50.0', isMet: true });
  expect(floor).toMatchObject({ value: 0.8, found: '0.80', isMet: true });
});

test('an arm with losses has no score', () => {
  const figures = [round('C', 100), round('A', 2, ['lost: 1'])];
  const [naive] = targetsOf({ throughput: measured(figures) });

  expect(naive).toMatchObject({ value: undefined, found: 'not measured', isMet: undefined });
});

test('the relay is compared with the messages that intake appends', () => {
  const relay = measured([{ messages: 1, perSecond: 300, cpuMicros: {}, rssBytes: 0 }]);
  const targets = targetsOf({ throughput: measured([round('C', 100)]), relay });

  expect(targets.find(({ what }) => what.startsWith('relay'))).toMatchObject({ value: 2 });
});

test('memory is measured only with a backlog of a million', () => {
  const short = { ...round('C', 100), rssBytes: { service: 1 } };
  const long = { ...short, deliveries: 1_000_000 };
  const of = (figures: DrainFigures): unknown =>
    targetsOf({ backlog: measured([figures]) }).find(({ what }) => what.startsWith('memory'))
      ?.isMet;

  expect(of(short)).toBeUndefined();
  expect(of(long)).toBe(true);
});
