import { expect, test } from 'vitest';
import { bridgeGaps } from './bridge-gaps.ts';

const STATE = { access: true, suspended: false, variants: [], causes: [] };

/** Runs from the first moment on, not from the second, again from the third, and so on. */
function engagement(name: string, ...fromMs: readonly number[]) {
  const timeline = fromMs.map((ms, at) => ({ ...STATE, fromMs: ms, running: at % 2 === 0 }));
  return { source: 's', engagement: name, timeline };
}

function bridged(toleranceMs: number, ...engagements: readonly ReturnType<typeof engagement>[]) {
  return bridgeGaps(engagements, toleranceMs).map(({ timeline }) =>
    timeline.map(({ fromMs, running }) => (running ? fromMs : -fromMs)),
  );
}

test('an engagement that starts again within the tolerance never ended', () => {
  expect(bridged(5, engagement('a', 1, 10, 15))).toEqual([[1]]);
  expect(bridged(4, engagement('a', 1, 10, 15))).toEqual([[1, -10, 15]]);
});

test('an end moves to the start of another engagement that follows within the tolerance', () => {
  expect(bridged(5, engagement('a', 1, 10), engagement('b', 12))).toEqual([[1, -12], [12]]);
  expect(bridged(5, engagement('a', 1, 10), engagement('b', 2, 8, 12, 20))).toEqual([
    [1, -12],
    [2, -20],
  ]);
});

test('an engagement that keeps running starts nothing', () => {
  const { source, timeline } = engagement('a', 1, 10);
  const goesOn = [
    { ...STATE, fromMs: 2, running: true },
    { ...STATE, fromMs: 12, running: true },
  ];
  const other = { source, engagement: 'b', timeline: goesOn };

  expect(bridgeGaps([{ source, engagement: 'a', timeline }, other], 5)[0]?.timeline).toEqual(
    timeline,
  );
});
