import { expect, test } from 'vitest';
import { NIGHTS_MIN_COUNT, type NightMark, weeksOf, yearRatioOf } from './year.ts';

const PEOPLE = 10;

/** Marks after nights that cost so many microseconds an event each. */
function marksOf(micros: readonly number[]): readonly NightMark[] {
  let used = 1_000_000;
  return micros.map((each, night) => {
    used += each * PEOPLE;
    return {
      cpu: new Map([
        ['service', used],
        ['broker', used * 3],
      ]),
      rssBytes: { service: night },
      busyMs: (night + 1) * 20,
    };
  });
}

test('the weeks are the seven nights after the first and the last seven', () => {
  const middle = Array<number>(20).fill(5_000);
  const marks = marksOf([
    9_000,
    ...Array<number>(7).fill(100),
    ...middle,
    ...Array<number>(7).fill(110),
  ]);
  const { firstWeek, lastWeek } = weeksOf(marks, PEOPLE);

  expect(firstWeek).toEqual({
    nights: 7,
    events: 70,
    cpuMicros: { service: 100, broker: 300 },
    rssBytes: { service: 7 },
    perSecond: 500,
  });
  expect(lastWeek).toMatchObject({ cpuMicros: { service: 110 }, rssBytes: { service: 34 } });
});

test('the ratio leaves the broker out', () => {
  const marks = marksOf([...Array<number>(8).fill(100), ...Array<number>(7).fill(125)]);
  const year = { people: PEOPLE, nights: marks.length, peakBytes: {}, faults: [] };

  expect(yearRatioOf({ ...year, ...weeksOf(marks, PEOPLE) })).toBeCloseTo(1.25);
});

test('weeks that overlap are not measured', () => {
  const marks = marksOf(Array<number>(NIGHTS_MIN_COUNT - 1).fill(100));

  expect(() => weeksOf(marks, PEOPLE)).toThrow('overlap');
});
