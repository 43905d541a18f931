import { expect, test } from 'vitest';
import { type RetryOptions, retryForever } from './retry-forever.ts';

const unreachable = new Error('unreachable');

function options(over: Partial<RetryOptions> = {}): RetryOptions {
  return {
    signal: new AbortController().signal,
    isPermanent: () => false,
    onFailure: () => undefined,
    random: () => 0,
    ...over,
  };
}

/** Fails so many times, then answers. */
function failing(times: number): () => Promise<string> {
  let calls = 0;
  return () => {
    calls += 1;
    return calls > times ? Promise.resolve('here') : Promise.reject(unreachable);
  };
}

test('work that succeeds at once is not reported', async () => {
  const calls: string[] = [];
  const note = (): void => {
    calls.push('called');
  };

  const result = await retryForever(failing(0), options({ onFailure: note, onRecovery: note }));

  expect(result).toBe('here');
  expect(calls).toEqual([]);
});

test('work is tried until it succeeds, and each failure and the recovery are reported', async () => {
  const reported: unknown[] = [];

  const result = await retryForever(
    failing(50),
    options({
      onFailure: (error, failures) => reported.push([error, failures]),
      onRecovery: (failures) => reported.push(failures),
    }),
  );

  expect(result).toBe('here');
  expect(reported).toHaveLength(51);
  expect(reported[0]).toEqual([unreachable, 1]);
  expect(reported[49]).toEqual([unreachable, 50]);
  expect(reported[50]).toBe(50);
});

test('a permanent failure is thrown at once', async () => {
  const retrying = retryForever(
    failing(2),
    options({
      isPermanent: (error) => error === unreachable,
      onFailure: () => expect.unreachable(),
    }),
  );

  await expect(retrying).rejects.toBe(unreachable);
});

test('an abort during a delay ends the waiting with its reason', async () => {
  const stop = new AbortController();
  const reason = new Error('asked to stop');
  const retrying = retryForever(
    failing(Number.POSITIVE_INFINITY),
    options({
      signal: stop.signal,
      random: () => 0.999,
      onFailure: () => {
        setImmediate(() => {
          stop.abort(reason);
        });
      },
    }),
  );

  await expect(retrying).rejects.toBe(reason);
});

test('a failure that comes with the abort counts as the abort', async () => {
  const stop = new AbortController();
  const reason = new Error('asked to stop');
  const work = (): Promise<never> => {
    stop.abort(reason);
    return Promise.reject(unreachable);
  };

  const retrying = retryForever(
    work,
    options({ signal: stop.signal, onFailure: () => expect.unreachable() }),
  );

  await expect(retrying).rejects.toBe(reason);
});

test('nothing is tried after an abort', async () => {
  const retrying = retryForever(
    expect.unreachable,
    options({ signal: AbortSignal.abort('stopped') }),
  );

  await expect(retrying).rejects.toBe('stopped');
});
