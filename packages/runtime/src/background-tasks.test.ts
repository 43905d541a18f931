import { Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { type BackgroundTask, createBackgroundTasks } from './background-tasks.ts';
import { createHealth } from './health.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';

const connectionLost = new Error('connection lost');

/** Runs a task until `end`, with everything that it reports. */
function start(task: Omit<BackgroundTask, 'name' | 'everyMs'>) {
  const metrics = createMetrics();
  const health = createHealth();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const stop = new AbortController();
  const done = createBackgroundTasks({
    metrics,
    health,
    log: createLogger({ service: 'test', level: 'info', to: { write } }),
    isConnectionLost: (error) => error === connectionLost,
    random: () => 0,
  }).run({ name: 'measure', everyMs: 1, ...task }, stop.signal);
  const valueOf = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((text) => text.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  return {
    health,
    done,
    logged: () => lines.map(({ level, msg }) => [level, msg]),
    lines,
    failures: () => valueOf('latchkey_chore_failures_total'),
    succeededAt: () => valueOf('latchkey_chore_succeeded_timestamp_seconds'),
    end: async () => {
      stop.abort();
      await done;
    },
  };
}

/** Fails with each error in turn, and succeeds afterwards. */
function failing(...errors: readonly Error[]): () => Promise<void> {
  const left = [...errors];
  return () => {
    const next = left.shift();
    return next === undefined ? Promise.resolve() : Promise.reject(next);
  };
}

test('a task that succeeds shows when, has no failures, and logs nothing', async () => {
  const task = start({ work: failing() });
  await expect.poll(() => task.succeededAt()).toBeCloseTo(Date.now() / 1_000, -1);
  expect(await task.failures()).toBe(0);
  await task.end();
  expect(task.lines).toEqual([]);
});

test('failures are counted and logged once with the recovery, and measurements are forgotten', async () => {
  let forgotten = 0;
  const task = start({
    work: failing(connectionLost, connectionLost, connectionLost),
    forget: () => {
      forgotten += 1;
    },
  });
  await expect.poll(() => task.succeededAt()).toBeDefined();
  await task.end();
  expect(await task.failures()).toBe(3);
  expect(forgotten).toBe(3);
  expect(task.lines).toMatchObject([
    { level: 'warn', chore: 'measure', err: { message: 'connection lost' } },
    { level: 'info', chore: 'measure' },
  ]);
});

test('an unknown error is logged as an error, also after expected ones', async () => {
  const bug = new TypeError('bug');
  const refused = new Failure('SCHEMA_OLD');
  const task = start({ work: failing(connectionLost, refused, bug, connectionLost, bug) });
  await expect.poll(() => task.succeededAt()).toBeDefined();
  await task.end();
  expect(task.logged()).toEqual([
    ['warn', 'background task failed; retrying'],
    ['error', 'background task failed; retrying'],
    ['info', 'background task succeeded again'],
  ]);
});

test('a run over its limit is a warning', async () => {
  const task = start({ limitMs: 1, work: () => new Promise(() => undefined) });
  await expect.poll(() => task.failures()).toBeGreaterThan(1);
  await task.end();
  expect(task.logged()).toEqual([['warn', 'background task failed; retrying']]);
});

test('a task with a part is ready from the start, not ready while it fails, and ready again', async () => {
  const states: boolean[] = [];
  const task = start({
    part: 'clock',
    work: async () => {
      await Promise.resolve();
      states.push(task.health.readiness().ready);
      if (states.length === 1) throw new TypeError('bug');
    },
  });
  await expect.poll(() => states.length).toBeGreaterThan(2);
  await task.end();
  expect(states.slice(0, 3)).toEqual([true, false, true]);
  expect(task.lines).toMatchObject([
    { level: 'error', msg: 'waiting', part: 'clock', failures: 1 },
    { level: 'info', msg: 'recovered', part: 'clock', failures: 1 },
  ]);
});

test('a permanent failure ends the task with it', async () => {
  const failure = new Failure('SCHEMA_OLD');
  const task = start({
    work: failing(failure),
    isPermanent: (error) => error instanceof Failure,
  });
  await expect(task.done).rejects.toBe(failure);
});
