import { expect, test } from 'vitest';
import { type RetryOptions, retryForever } from './retry-forever.ts';

const away = new Error('away');

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
    return calls > times ? Promise.resolve('here') : Promise.reject(away);
  };
}

test('work that succeeds at once is not reported', async () => {
  const told: string[] = [];
  const tell = (): void => {
    told.push('told');
  };

  const result = await retryForever(failing(0), options({ onFailure: tell, onRecovery: tell }));

  expect(result).toBe('here');
  expect(told).toEqual([]);
});

test('work is tried until it succeeds, and each failure and the recovery are told', async () => {
  const told: unknown[] = [];

  const result = await retryForever(
    failing(50),
    options({
      onFailure: (error, failures) => told.push([error, failures]),
      onRecovery: (failures) => told.push(failures),
    }),
  );

  expect(result).toBe('here');
  expect(told).toHaveLength(51);
  expect(told[0]).toEqual([away, 1]);
  expect(told[49]).toEqual([away, 50]);
  expect(told[50]).toBe(50);
});

test('a permanent failure is thrown at once', async () => {
  const retrying = retryForever(
    failing(2),
    options({ isPermanent: (error) => error === away, onFailure: () => expect.unreachable() }),
  );

  await expect(retrying).rejects.toBe(away);
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
    return Promise.reject(away);
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
