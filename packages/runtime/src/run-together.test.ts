import { expect, test } from 'vitest';
import { runTogether } from './run-together.ts';
import { waitMs } from './wait.ts';

const LONG_MS = 3_600_000;

test('ends when all parts have ended by themselves', async () => {
  const ended: string[] = [];
  const part = (name: string, ms: number) => async (signal: AbortSignal) => {
    await waitMs(ms, signal);
    ended.push(`${name} ${signal.aborted ? 'stopped' : 'done'}`);
  };

  await runTogether(new AbortController().signal, [part('slow', 10), part('fast', 1)]);

  expect(ended).toEqual(['fast done', 'slow done']);
});

test('the signal stops all parts', async () => {
  const stop = new AbortController();
  const running = runTogether(stop.signal, [
    (signal) => waitMs(LONG_MS, signal),
    (signal) => waitMs(LONG_MS, signal),
  ]);

  stop.abort();

  await expect(running).resolves.toBeUndefined();
});

test('a part that fails stops the others, which are waited for, and its error is thrown', async () => {
  const first = new Error('first');
  let closed = false;

  const running = runTogether(new AbortController().signal, [
    () => Promise.reject(first),
    async (signal) => {
      await waitMs(LONG_MS, signal);
      await Promise.resolve();
      closed = true;
      throw new Error('consequence');
    },
  ]);

  await expect(running).rejects.toBe(first);
  expect(closed).toBe(true);
});

test('a part that throws before it waits fails like any other', async () => {
  const first = new TypeError('first');
  const part = (): Promise<void> => {
    throw first;
  };

  await expect(runTogether(new AbortController().signal, [part])).rejects.toBe(first);
});
