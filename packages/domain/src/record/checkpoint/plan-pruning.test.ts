import { expect, test } from 'vitest';
import { daysAgo, fact, HR, inDays } from '../../person.test-support.ts';
import { type EngagementFact, type Fact, isBlockFact } from '../fact.ts';
import { planPruning, slimStatement } from './plan-pruning.ts';

function stated(order: number): Fact {
  return fact('stated', order, { startsAt: daysAgo(9), timeline: [] });
}

const JOINED = fact('joined', 1, { startsAt: daysAgo(9), attributes: {} });

function prunedBelow(facts: readonly Fact[], endOrder?: bigint): bigint | undefined {
  const own = facts.filter((one): one is EngagementFact => !isBlockFact(one));
  const statements = own.map(slimStatement);
  return planPruning({ source: HR, base: undefined, statements, endOrder })?.prunedBelow;
}

test('facts below the newest full statement are pruned', () => {
  expect(prunedBelow([stated(5), JOINED, stated(3)])).toBe(5n);
});

test('nothing is pruned without a full statement, below the first fact, or below one that others are or may be tied with', () => {
  expect(prunedBelow([])).toBeUndefined();
  expect(prunedBelow([JOINED])).toBeUndefined();
  expect(prunedBelow([stated(5)])).toBeUndefined();
  const suspended = fact('suspended', 5, { effectiveAt: daysAgo(2) });
  expect(prunedBelow([JOINED, stated(5), suspended])).toBeUndefined();
  expect(prunedBelow([JOINED, stated(5)], 5n)).toBeUndefined();
  expect(prunedBelow([JOINED, stated(3), stated(5)], 5n)).toBe(3n);
});

test('a repetition of the full statement is not tied with it', () => {
  const again = fact('stated', 5, { startsAt: daysAgo(9), timeline: [] }, { id: 'again' });
  expect(prunedBelow([JOINED, stated(5), again])).toBe(5n);
});

test('where facts below the newest full statement can be read in several ways, an older one is taken', () => {
  const effectiveAt = inDays(1);
  const tied = [
    fact('suspended', 4, { effectiveAt }, { id: 'a' }),
    fact('resumed', 4, { effectiveAt }, { id: 'b' }),
  ];
  expect(prunedBelow([JOINED, stated(3), ...tied, stated(5)])).toBe(3n);
  expect(prunedBelow([JOINED, ...tied, stated(5)])).toBeUndefined();
});

test('what would not fit is not pruned', () => {
  const suspensions = Array.from({ length: 400 }, (_, at) =>
    fact('suspended', at + 2, { effectiveAt: inDays(at) }),
  );
  expect(prunedBelow([JOINED, ...suspensions, stated(1_000)])).toBeUndefined();
});
