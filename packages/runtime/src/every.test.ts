import { expect, test } from 'vitest';
import { every, firstRetryMs, type Loop, OverdueError } from './every.ts';

/** Runs a loop until `end`; `failures` are the reported ones with their counts. */
function start(loop: Pick<Loop, 'work'> & Partial<Loop>) {
  const stop = new AbortController();
  const failures: (readonly [unknown, number])[] = [];
  const successes: number[] = [];
  const done = every(
    {
      everyMs: 1,
      random: () => 0,
      onFailure: (error, count) => failures.push([error, count]),
      onSuccess: (count) => successes.push(count),
      ...loop,
    },
    stop.signal,
  );
  return {
    failures,
    successes,
    stop,
    done,
    end: async () => {
      stop.abort();
      await done;
    },
  };
}

test('work runs at once and again after each pause', async () => {
  let runs = 0;
  const loop = start({
    work: () => {
      runs += 1;
      return Promise.resolve();
    },
  });
  await expect.poll(() => runs).toBeGreaterThan(3);
  await loop.end();
  expect(loop.failures).toEqual([]);
});

test('work that has more to do runs again without the pause', async () => {
  let runs = 0;
  const loop = start({
    everyMs: 3_600_000,
    work: () => {
      runs += 1;
      return Promise.resolve(runs < 5 ? 'more' : undefined);
    },
  });
  await expect.poll(() => loop.successes.length).toBe(5);
  await loop.end();
  expect(runs).toBe(5);
});

test('failures are counted until the next success, and then from 1 again', async () => {
  const broken = new Error('broken');
  let runs = 0;
  const loop = start({
    work: () => {
      runs += 1;
      return [1, 2, 4].includes(runs) ? Promise.reject(broken) : Promise.resolve();
    },
  });
  await expect.poll(() => runs).toBeGreaterThan(5);
  await loop.end();
  expect(loop.failures).toEqual([
    [broken, 1],
    [broken, 2],
    [broken, 1],
  ]);
  expect(loop.successes.slice(0, 3)).toEqual([2, 1, 0]);
});

test('retries back off within a bound that doubles, and start again after a success', async () => {
  const draws: number[] = [];
  let runs = 0;
  const loop = start({
    random: () => {
      draws.push(runs);
      return 0;
    },
    work: () => {
      runs += 1;
      return runs === 4 ? Promise.resolve() : Promise.reject(new Error('broken'));
    },
  });
  await expect.poll(() => runs).toBeGreaterThan(6);
  await loop.end();
  // One delay is drawn for each failure and none for the success.
  expect(draws.slice(0, 5)).toEqual([1, 2, 3, 5, 6]);
});

test.each([
  [250, 100],
  [1_000, 100],
  [60_000, 6_000],
])('work with a pause of %i ms is first retried within %i ms', (everyMs, firstMs) => {
  expect(firstRetryMs(everyMs)).toBe(firstMs);
});

test('a failed run does not wait for the pause of a successful one', async () => {
  let runs = 0;
  const loop = start({
    everyMs: 3_600_000,
    work: () => {
      runs += 1;
      return runs < 3 ? Promise.reject(new Error('broken')) : Promise.resolve();
    },
  });
  await expect.poll(() => loop.successes).toEqual([2]);
  await loop.end();
});

test('a run that exceeds its limit is reported once for each limit, and no second one starts', async () => {
  let runs = 0;
  const loop = start({
    limitMs: 2,
    work: () => {
      runs += 1;
      return new Promise(() => undefined);
    },
  });
  await expect.poll(() => loop.failures.length).toBeGreaterThan(2);
  await loop.end();
  expect(loop.failures[0]?.[0]).toBeInstanceOf(OverdueError);
  expect(runs).toBe(1);
});

test('a permanent failure ends the loop with it', async () => {
  const permanent = new Error('permanent');
  const loop = start({
    work: () => Promise.reject(permanent),
    isPermanent: (error) => error === permanent,
  });
  await expect(loop.done).rejects.toBe(permanent);
  expect(loop.failures).toEqual([]);
});

test('work that throws instead of rejecting fails in the same way', async () => {
  let runs = 0;
  const loop = start({
    work: () => {
      runs += 1;
      if (runs === 1) throw new Error('thrown');
      return Promise.resolve();
    },
  });
  await expect.poll(() => loop.successes[0]).toBe(1);
  await loop.end();
});

test('without a limit the run under way is waited for after an abort, and its failure is not reported', async () => {
  const { promise, reject } = Promise.withResolvers<undefined>();
  const loop = start({ work: () => promise, isPermanent: () => true });
  let hasEnded = false;
  void loop.done.then(() => {
    hasEnded = true;
  });
  loop.stop.abort();
  await new Promise(setImmediate);
  expect(hasEnded).toBe(false);
  reject(new Error('given up'));
  await loop.done;
  expect(loop.failures).toEqual([]);
});

test('with a limit the loop ends at an abort, also where the run does not', async () => {
  const loop = start({ limitMs: 3_600_000, work: () => new Promise(() => undefined) });
  await loop.end();
  expect(loop.failures).toEqual([]);
});

test('nothing runs after an abort', async () => {
  await every(
    { everyMs: 1, work: expect.unreachable, onFailure: () => expect.unreachable() },
    AbortSignal.abort(),
  );
});
