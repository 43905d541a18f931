import { readDelivery } from '@latchkey/contracts';
import { openPolicy } from '@latchkey/intake';
import { expect, test } from 'vitest';
import type { SentRecord } from '../../support/events.ts';
import { type Fed, feedOf } from './feed.ts';
import { permutationOf } from './permutation.ts';
import { standardWorkload, type Workload } from './workload.ts';

function fed(differing: Partial<Workload>): readonly Fed[] {
  return [...feedOf(standardWorkload({ events: 7_000, ...differing }))];
}

const workforce = ({ event }: Fed): boolean => event.type.startsWith('latchkey.workforce.');

test('equal workloads yield equal feeds', () => {
  expect(fed({ duplicateShare: 0.2 })).toEqual(fed({ duplicateShare: 0.2 }));
});

test('every event is valid and unique, and half of them are about verifications', async () => {
  const { sources } = await openPolicy(undefined);
  const events = fed({});
  const read = events.map(({ record }) => readDelivery(rawOf(record), record.topic, sources));

  expect(read.filter(({ kind }) => kind !== 'event')).toEqual([]);
  expect(new Set(events.map(({ event }) => event.id)).size).toBe(7_000);
  expect(events.filter(workforce)).toHaveLength(3_500);
});

test('each person starts and moves twice, and every second one leaves, in this order', () => {
  const histories = Map.groupBy(fed({}).filter(workforce), ({ event }) => event.subject);
  const kinds = [...histories.values()].map((own) =>
    own.map(({ event }) => event.type.split('.')[2]),
  );
  const stayed = ['joined', 'moved', 'moved'];

  expect(kinds).toHaveLength(1_000);
  expect(kinds.filter((own) => own.length === 4)).toHaveLength(500);
  expect(new Set(kinds.map((own) => own.join(' ')))).toEqual(
    new Set([stayed.join(' '), [...stayed, 'left'].join(' ')]),
  );
});

test('events of one person are far apart, those of one call close together', () => {
  const events = fed({});
  const distances = (isWanted: (one: Fed) => boolean): readonly number[] => {
    const histories = Map.groupBy(events.filter(isWanted), ({ event }) => event.subject);
    return [...histories.values()].flatMap((own) =>
      own.slice(1).map(({ number }, index) => number - (own[index]?.number ?? 0)),
    );
  };
  const mean = (figures: readonly number[]): number =>
    figures.reduce((sum, figure) => sum + figure, 0) / figures.length;

  expect(mean(distances(workforce))).toBeGreaterThan(1_500);
  expect(mean(distances((one) => !workforce(one)))).toBeLessThan(150);
});

test('duplicates and poison have the requested share of deliveries', () => {
  const deliveries = fed({ duplicateShare: 0.5, poisonShare: 0.01 });
  const shareOf = (wanted: Fed['kind']): number =>
    deliveries.filter(({ kind }) => kind === wanted).length / deliveries.length;

  expect(shareOf('duplicate')).toBeCloseTo(0.5, 1);
  expect(shareOf('poison')).toBeCloseTo(0.01, 2);
});

test('a hot person has the requested share, and no engagement with too many facts', () => {
  const hot = fed({ hotShare: 1 }).filter(workforce);
  const engagements = Map.groupBy(
    hot,
    ({ event }) => (event.data as { readonly engagement: string }).engagement,
  );

  expect(new Set(hot.map(({ event }) => event.subject))).toEqual(new Set(['b-hot']));
  expect(Math.max(...[...engagements.values()].map((own) => own.length))).toBeLessThan(1_000);
});

test('a padded event has about the requested size', () => {
  const sizes = fed({ payloadBytes: 8_192 })
    .filter(({ event }) => !event.type.includes('.left.'))
    .map(({ record }) => String(record.value).length);

  expect(Math.min(...sizes)).toBeGreaterThan(7_900);
  expect(Math.max(...sizes)).toBeLessThan(8_900);
});

test.each([1, 2, 5, 1_000, 4_097])('a permutation of %i has each number once', (count) => {
  const at = permutationOf(count, 7);
  const numbers = Array.from({ length: count }, (_, index) => at(index));

  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
});

function rawOf({ key, value, headers }: SentRecord): Parameters<typeof readDelivery>[0] {
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(String(text))]),
  };
}
