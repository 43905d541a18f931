import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BatchCoalescer } from './batch-coalescer.ts';

interface Part {
  readonly name: string;
  readonly events: number;
  readonly bytes: number;
}

const LIMITS = { maxEvents: 10, maxBytes: 100, atOnce: 1 };

function part(name: string, events = 1, bytes = 1): Part {
  return { name, events, bytes };
}

/** Processes every part at once, and records which parts were processed together. */
function recording(): { coalescer: BatchCoalescer<Part, string>; together: string[][] } {
  const together: string[][] = [];
  const coalescer = new BatchCoalescer<Part, string>(LIMITS, (parts) => {
    together.push(parts.map(({ name }) => name));
    return Promise.resolve(parts.map(({ name }) => Promise.resolve(`${name} processed`)));
  });
  return { coalescer, together };
}

test('parts of the same turn are processed together, and each has a result', async () => {
  const { coalescer, together } = recording();
  const results = await Promise.all([
    coalescer.add(part('a')).result,
    coalescer.add(part('b')).result,
  ]);
  expect(results).toEqual(['a processed', 'b processed']);
  expect(await coalescer.add(part('c')).result).toBe('c processed');
  expect(together).toEqual([['a', 'b'], ['c']]);
});

test('no more are processed together than fit, in the order in which they were added', async () => {
  const { coalescer, together } = recording();
  await Promise.all(
    [
      part('six', 6),
      part('four', 4),
      part('one', 1),
      part('heavy', 1, 100),
      part('far too many', 50),
      part('far too heavy', 1, 500),
      part('last'),
    ].map((one) => coalescer.add(one).result),
  );
  expect(together).toEqual([
    ['six', 'four'],
    ['one'],
    ['heavy'],
    ['far too many'],
    ['far too heavy'],
    ['last'],
  ]);
});

test('parts that are added while others are processed are processed together after them', async () => {
  const first = Promise.withResolvers<string>();
  const together: string[][] = [];
  const coalescer = new BatchCoalescer<Part, string>(LIMITS, (parts) => {
    together.push(parts.map(({ name }) => name));
    return Promise.resolve(
      parts.map(({ name }) => (name === 'first' ? first.promise : Promise.resolve(name))),
    );
  });
  const begun = coalescer.add(part('first')).result;
  await expect.poll(() => together).toEqual([['first']]);
  const later = ['b', 'c', 'd'].map((name) => coalescer.add(part(name)));
  let turns = 0;
  for (const { turn } of later) void turn.then(() => (turns += 1));
  await setImmediate();
  expect(turns).toBe(0);
  first.resolve('first');
  await Promise.all([begun, ...later.map(({ result }) => result)]);
  expect(turns).toBe(3);
  expect(together).toEqual([['first'], ['b', 'c', 'd']]);
});

test('one that fails or never ends does not delay the others of its transaction', async () => {
  const coalescer = new BatchCoalescer<Part, string>(LIMITS, (parts) =>
    Promise.resolve(
      parts.map(({ name }) => {
        if (name === 'broken') return Promise.reject(new Error('broken'));
        return name === 'endless' ? new Promise<string>(() => undefined) : Promise.resolve(name);
      }),
    ),
  );
  const [broken, , good] = ['broken', 'endless', 'good'].map(
    (name) => coalescer.add(part(name)).result,
  );
  await expect(broken).rejects.toThrow('broken');
  expect(await good).toBe('good');
  expect(await coalescer.add(part('after it')).result).toBe('after it');
});
