import { expect, test } from 'vitest';
import { type Chore, createChores } from './every.ts';
import { createMetrics } from './metrics.ts';

const QUICK = { name: 'look', everyMs: 1, limitMs: 10_000 };

/** Does a chore until `stop`, with what can be seen of it. */
function start(chore: Omit<Chore, keyof typeof QUICK> & Partial<Chore>) {
  const metrics = createMetrics();
  const lines: string[] = [];
  const say = (_: object, message: string): void => {
    lines.push(message);
  };
  const stop = new AbortController();
  const log = { warn: say, info: say } as Parameters<typeof createChores>[1];
  const done = createChores(metrics, log).every({ ...QUICK, ...chore }, stop.signal);
  const valueOf = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((text) => text.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  return {
    lines,
    failures: () => valueOf('latchkey_chore_failures_total'),
    succeededAt: () => valueOf('latchkey_chore_succeeded_timestamp_seconds'),
    end: async () => {
      stop.abort();
      await done;
    },
  };
}

test('a chore is done at once and again and again, and says when it last succeeded', async () => {
  let times = 0;
  const chore = start({
    work: () => {
      times += 1;
      return Promise.resolve();
    },
  });
  await expect.poll(() => times).toBeGreaterThan(3);
  expect(await chore.failures()).toBe(0);
  expect(await chore.succeededAt()).toBeCloseTo(Date.now() / 1_000, -1);
  await chore.end();
});

test('one that fails is counted, forgets what it has shown, is said once, and is tried again', async () => {
  let isBroken = true;
  let forgotten = 0;
  const chore = start({
    work: () => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve()),
    forget: () => {
      forgotten += 1;
    },
  });
  await expect.poll(() => forgotten).toBeGreaterThan(2);
  expect(await chore.failures()).toBeGreaterThan(2);
  expect(await chore.succeededAt()).toBeUndefined();
  isBroken = false;
  await expect.poll(() => chore.succeededAt()).toBeDefined();
  expect(chore.lines).toEqual(['a chore fails; it is tried again', 'a chore succeeds again']);
  await chore.end();
});

test('one that does not end is counted as often as it takes its limit, and not begun again', async () => {
  let begun = 0;
  const chore = start({
    limitMs: 5,
    work: () => {
      begun += 1;
      return new Promise(() => undefined);
    },
  });
  await expect.poll(() => chore.failures()).toBeGreaterThan(2);
  expect(begun).toBe(1);
  await chore.end();
});
