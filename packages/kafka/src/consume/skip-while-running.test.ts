import { expect, test } from 'vitest';
import { skipWhileRunning } from './skip-while-running.ts';

test('a call is skipped while an earlier one is running, and not after it', async () => {
  let started = 0;
  const first = Promise.withResolvers<undefined>();
  const start = skipWhileRunning(async () => {
    started += 1;
    await first.promise;
  });
  start();
  start();
  expect(started).toBe(1);
  first.resolve(undefined);
  await expect
    .poll(() => {
      start();
      return started;
    })
    .toBe(2);
});
