import { expect, test } from 'vitest';
import { waitMs } from './wait.ts';

test('a wait lasts its time', async () => {
  const beganAt = performance.now();

  await waitMs(20, new AbortController().signal);

  // Timers count in whole milliseconds and may be one early.
  expect(performance.now() - beganAt).toBeGreaterThanOrEqual(19);
});

test('a wait ends when it is aborted, without an error', async () => {
  const stop = new AbortController();
  const waiting = waitMs(3_600_000, stop.signal);

  stop.abort(new Error('stop'));

  await expect(waiting).resolves.toBeUndefined();
});

test('a wait that was aborted before does not begin', async () => {
  await expect(waitMs(3_600_000, AbortSignal.abort())).resolves.toBeUndefined();
});

test('a wait beyond the longest timer does not end at once', async () => {
  const stop = new AbortController();
  let ended = false;
  const waiting = waitMs(2 ** 40, stop.signal).then(() => {
    ended = true;
  });

  await waitMs(5, new AbortController().signal);
  expect(ended).toBe(false);

  stop.abort();
  await waiting;
});
