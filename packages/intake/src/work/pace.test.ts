import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FULL_SPEED, isSlowed, mayTry, type Pace, paceOnFailure, paceOnTry } from './pace.ts';

const MINUTE_MS = 60_000;
const item = fc.constantFrom('a', 'b', 'c', 'd', 'e');

function paceAfter(items: readonly string[]): Pace {
  return items.reduce((pace, itemId, at) => paceOnFailure(pace, itemId, at), FULL_SPEED);
}

test('three different items in a row slow the pace, however often each of them fails', () => {
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const pace = paceAfter(items);
      expect(isSlowed(pace)).toBe(new Set(items).size >= 3);
      expect(pace.failed.length).toBeLessThanOrEqual(3);
      expect(new Set(pace.failed).size).toBe(pace.failed.length);
    }),
  );
});

test('while slowed the next try comes exactly a minute after the last one, and it always comes', () => {
  fc.assert(
    fc.property(fc.array(item), fc.nat(), (items, elapsedMs) => {
      const pace = paceAfter(items);
      const nowMs = items.length + elapsedMs;
      if (!isSlowed(pace)) {
        expect(mayTry(pace, nowMs)).toBe(true);
        expect(paceOnTry(pace, nowMs)).toEqual(pace);
        return;
      }
      expect(mayTry(pace, nowMs)).toBe(nowMs - (items.length - 1) >= MINUTE_MS);
      const tried = paceOnTry(pace, nowMs);
      expect(mayTry(tried, nowMs + MINUTE_MS - 1)).toBe(false);
      expect(mayTry(tried, nowMs + MINUTE_MS)).toBe(true);
    }),
  );
});

test('nothing is slow before anything has failed', () => {
  expect(isSlowed(FULL_SPEED)).toBe(false);
  expect(mayTry(FULL_SPEED, 0)).toBe(true);
});
