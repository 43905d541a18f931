import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

test('work that is under way is not begun a second time, and is again when it is done', async () => {
  let begun = 0;
  const first = Promise.withResolvers<undefined>();
  const turn = oneAtATime(async () => {
    begun += 1;
    await first.promise;
  });
  turn();
  turn();
  expect(begun).toBe(1);
  first.resolve(undefined);
  await expect
    .poll(() => {
      turn();
      return begun;
    })
    .toBe(2);
});
