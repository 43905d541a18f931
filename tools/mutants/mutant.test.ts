import { expect, test } from 'vitest';
import { applied, mutantsOf } from './mutant.ts';
import { sampleOf } from './sample.ts';
import { instrument, isAsked } from './typescript-mutants.ts';

const change = (text: string, before: string, after: string) => ({
  operator: 'op',
  start: text.indexOf(before),
  end: text.indexOf(before) + before.length,
  after,
});

test('a mutant keeps its key where lines before it change, and has another where its own line does', () => {
  const keyIn = (text: string): string | undefined =>
    mutantsOf('domain', 'a.ts', text, [change(text, '<', '<=')])[0]?.key;

  expect(keyIn('// more\n\n  if (a < b) {}\n')).toBe(keyIn('if (a < b) {}\n'));
  expect(keyIn('if (a < c) {}\n')).not.toBe(keyIn('if (a < b) {}\n'));
});

test('equal changes of equal lines have keys of their own; a change that changes nothing is none', () => {
  const text = 'a < b;\na < b;\n';
  const second = { operator: 'op', start: 9, end: 10, after: '<=' };
  const mutants = mutantsOf('domain', 'a.ts', text, [change(text, '<', '<='), second]);

  expect(new Set(mutants.map(({ key }) => key)).size).toBe(2);
  expect(mutants.map(({ line }) => line)).toEqual([1, 2]);
  expect(mutantsOf('domain', 'a.ts', text, [change(text, '<', '<')])).toEqual([]);
});

test('a sample has the same number of each area, and what one lacks goes to the others', () => {
  const of = (area: 'domain' | 'sql' | 'relay', count: number) =>
    Array.from({ length: count }, (_, at) => {
      const text = `${at} < b`;
      return mutantsOf(area, `${area}.ts`, text, [change(text, '<', '<=')]);
    }).flat();
  const all = [...of('domain', 40), ...of('sql', 40), ...of('relay', 2)];
  const counts = (seed: number) =>
    Object.entries(Object.groupBy(sampleOf(all, { seed, count: 20 }), ({ area }) => area)).map(
      ([area, own]) => [area, own.length],
    );

  expect(Object.fromEntries(counts(1))).toEqual({ domain: 9, sql: 9, relay: 2 });
  expect(sampleOf(all, { seed: 1, count: 20 })).toEqual(sampleOf(all, { seed: 1, count: 20 }));
  expect(sampleOf(all, { seed: 1, count: 20 })).not.toEqual(sampleOf(all, { seed: 2, count: 20 }));
});

test('a change of the instrumenter can be written into any surrounding text', async () => {
  const text = 'export const f = (a?: number, b?: number) => (a ?? 1) + (a === b ? 1 : 2);\n';
  const { changes } = await instrument('f.ts', text);
  const made = mutantsOf('domain', 'f.ts', text, changes).map((mutant) => applied(text, mutant));

  expect(made).toContain(
    'export const f = (a?: number, b?: number) => ((a && 1)) + (a === b ? 1 : 2);\n',
  );
  expect(made).toContain(
    'export const f = (a?: number, b?: number) => (a ?? 1) + ((a !== b) ? 1 : 2);\n',
  );
});

test('messages, names of statements, and SQL as a whole are excluded', async () => {
  const text = [
    "throw new Error('not so');",
    "const q = statement<A, B>('read_it', () => sql`select 1`);",
    "const kind = 'left';",
  ].join('\n');
  const { changes } = await instrument('f.ts', text);
  const asked = changes
    .filter((one) => one.operator === 'StringLiteral' && isAsked(one, text))
    .map(({ start, end }) => text.slice(start, end));

  expect(asked).toEqual(["'left'"]);
});
