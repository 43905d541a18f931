import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngagementFact } from '../oracle/reference/periods.ts';
import { derivePerson, type PersonFact } from '../oracle/reference/person.ts';
import { type PersonHistory, personHistories } from './person-history.ts';

const NOW_MS = Date.parse('2026-06-10T12:00:00Z');

/** A wrong reducer: the last arrival wins. */
function orderByArrival({ batches }: PersonHistory): readonly PersonFact[] {
  return batches.flat().map((event, at) => factOf(event, BigInt(at)));
}

function orderBySource({ orders }: PersonHistory): readonly PersonFact[] {
  return [...orders].map(([event, order]) => factOf(event, BigInt(order)));
}

function factOf({ id, source, type, data }: PersonHistory['events'][number], order: bigint) {
  const kind = type.split('.')[2] as EngagementFact['kind'];
  return { eventId: id, source, kind, order, data } as unknown as PersonFact;
}

test('a wrong reducer is found, and shrunk to the few events that prove it, one per line', () => {
  const property = fc.property(personHistories, (history) => {
    expect(derivePerson(orderByArrival(history), NOW_MS)).toEqual(
      derivePerson(orderBySource(history), NOW_MS),
    );
  });

  const found = fc.check(property, { seed: 7, numRuns: 1_000 });

  const report = fc.defaultReportMessage(found) ?? '';
  const lines = report.split('\n').filter((line) => line.startsWith('  latchkey.'));
  expect(found.failed).toBe(true);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.length).toBeLessThanOrEqual(4);
  expect(lines.join('\n')).toMatch(/^ {2}latchkey\.\S+ p1 order \d+ \{/);
  expect(report).toMatch(/seed: 7, path: /);
});
