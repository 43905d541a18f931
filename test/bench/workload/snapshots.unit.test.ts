import { expect, test } from 'vitest';
import { openSnapshots } from './snapshots.ts';

const PEOPLE = 2_000;

/** What each night states, by person. */
function statedOf(nights: number): readonly ReadonlyMap<string, unknown>[] {
  const snapshotOf = openSnapshots(PEOPLE);
  return Array.from(
    { length: nights },
    (_, night) =>
      new Map(Array.from(snapshotOf(night), ({ event }) => [event.subject, event.data])),
  );
}

test('every night states each person once, and a few per cent have changed', () => {
  const nights = statedOf(4);

  for (const [night, stated] of nights.entries()) {
    expect(stated.size).toBe(PEOPLE);
    const before = nights[night - 1];
    if (before === undefined) continue;
    const changed = [...stated].filter(
      ([person, data]) => JSON.stringify(data) !== JSON.stringify(before.get(person)),
    );
    expect(changed.length / PEOPLE).toBeGreaterThan(0.01);
    expect(changed.length / PEOPLE).toBeLessThan(0.05);
  }
});

test('ids differ, and the revision of a person rises every night', () => {
  const snapshotOf = openSnapshots(3);
  const events = [0, 1].flatMap((night) => Array.from(snapshotOf(night), ({ event }) => event));

  expect(new Set(events.map(({ id }) => id)).size).toBe(6);
  expect(events.map(({ sourceversion }) => sourceversion)).toEqual(['1', '1', '1', '2', '2', '2']);
});
