import { expect, test } from 'vitest';
import { createYielder } from './yielder.ts';

/** Whether the event loop ran other work while this was awaited. */
async function letsOthersRun(yielded: () => Promise<void>): Promise<boolean> {
  let hasRun = false;
  setImmediate(() => {
    hasRun = true;
  });
  await yielded();
  return hasRun;
}

function workFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('the event loop runs when work has kept it for 10 ms', async () => {
  const yieldIfDue = createYielder();
  workFor(11);
  expect(await letsOthersRun(() => yieldIfDue())).toBe(true);
});

test('the event loop runs before a long step', async () => {
  const yieldIfDue = createYielder();
  workFor(2);
  expect(await letsOthersRun(() => yieldIfDue('long'))).toBe(true);
});

test('short steps do not each wait for the event loop', async () => {
  const yieldIfDue = createYielder();
  expect(await letsOthersRun(() => yieldIfDue('long'))).toBe(false);
});
