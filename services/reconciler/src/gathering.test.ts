import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Gathering } from './gathering.ts';

interface Part {
  readonly name: string;
  readonly events: number;
  readonly bytes: number;
}

const LIMITS = { maxEvents: 10, maxBytes: 100, atOnce: 1 };

function part(name: string, events = 1, bytes = 1): Part {
  return { name, events, bytes };
}

/** Takes at once whatever comes, and notes what came together. */
function noting(): { gathering: Gathering<Part, string>; together: string[][] } {
  const together: string[][] = [];
  const gathering = new Gathering<Part, string>(LIMITS, (parts) => {
    together.push(parts.map(({ name }) => name));
    return Promise.resolve(parts.map(({ name }) => Promise.resolve(`${name} taken`)));
  });
  return { gathering, together };
}

test('parts that come in the same turn are taken together, and each hears of itself', async () => {
  const { gathering, together } = noting();
  const taken = await Promise.all([gathering.add(part('a')).taken, gathering.add(part('b')).taken]);
  expect(taken).toEqual(['a taken', 'b taken']);
  expect(await gathering.add(part('c')).taken).toBe('c taken');
  expect(together).toEqual([['a', 'b'], ['c']]);
});

test('no more are taken together than fit, in the order in which they came', async () => {
  const { gathering, together } = noting();
  await Promise.all(
    [
      part('six', 6),
      part('four', 4),
      part('one', 1),
      part('heavy', 1, 100),
      part('far too many', 50),
      part('far too heavy', 1, 500),
      part('last'),
    ].map((one) => gathering.add(one).taken),
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

test('what comes while others are taken is taken together after them', async () => {
  const first = Promise.withResolvers<string>();
  const together: string[][] = [];
  const gathering = new Gathering<Part, string>(LIMITS, (parts) => {
    together.push(parts.map(({ name }) => name));
    return Promise.resolve(
      parts.map(({ name }) => (name === 'first' ? first.promise : Promise.resolve(name))),
    );
  });
  const begun = gathering.add(part('first')).taken;
  await expect.poll(() => together).toEqual([['first']]);
  const later = ['b', 'c', 'd'].map((name) => gathering.add(part(name)));
  let turns = 0;
  for (const { turn } of later) void turn.then(() => (turns += 1));
  await setImmediate();
  expect(turns).toBe(0);
  first.resolve('first');
  await Promise.all([begun, ...later.map(({ taken }) => taken)]);
  expect(turns).toBe(3);
  expect(together).toEqual([['first'], ['b', 'c', 'd']]);
});

test('one that fails or never ends keeps the others of its transaction from nothing', async () => {
  const gathering = new Gathering<Part, string>(LIMITS, (parts) =>
    Promise.resolve(
      parts.map(({ name }) => {
        if (name === 'broken') return Promise.reject(new Error('broken'));
        return name === 'endless' ? new Promise<string>(() => undefined) : Promise.resolve(name);
      }),
    ),
  );
  const [broken, , good] = ['broken', 'endless', 'good'].map(
    (name) => gathering.add(part(name)).taken,
  );
  await expect(broken).rejects.toThrow('broken');
  expect(await good).toBe('good');
  expect(await gathering.add(part('after it')).taken).toBe('after it');
});
