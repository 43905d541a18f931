import { expect, test } from 'vitest';
import { breather } from './breather.ts';

/** Whether the event loop went on while this was awaited. */
async function letsOthersGoOn(breathe: () => Promise<void>): Promise<boolean> {
  let hasGoneOn = false;
  setImmediate(() => {
    hasGoneOn = true;
  });
  await breathe();
  return hasGoneOn;
}

function workFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('the event loop goes on when work has kept it for 10 ms', async () => {
  const breathe = breather();
  workFor(11);
  expect(await letsOthersGoOn(() => breathe())).toBe(true);
});

test('a long step begins with a turn of its own', async () => {
  const breathe = breather();
  workFor(2);
  expect(await letsOthersGoOn(() => breathe('long'))).toBe(true);
});

test('many short steps do not each wait for a turn', async () => {
  const breathe = breather();
  expect(await letsOthersGoOn(() => breathe('long'))).toBe(false);
});
