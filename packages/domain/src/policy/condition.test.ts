import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer } from './answer.ts';
import { type KnownAttributes } from './attribute.ts';
import { type Condition, conditionCompiler } from './condition.ts';

const compile = conditionCompiler([
  { name: 'a', type: 'string', scope: 'engagement' },
  { name: 'b', type: 'string', scope: 'engagement' },
  { name: 'level', type: 'number', scope: 'engagement' },
  { name: 'remote', type: 'boolean', scope: 'person' },
]);

function condition(text: string): Condition {
  const compiled = compile(text);
  if (typeof compiled !== 'function') throw new Error(compiled.problem);
  return compiled;
}

describe('a condition', () => {
  it.each<[text: string, attributes: KnownAttributes, answer: Answer]>([
    ['a == "x"', { a: 'x' }, true],
    ['a == "x"', {}, 'unknown'],
    ['a == "x"', { a: null }, 'unknown'],
    ['a == "x"', { a: 3 }, 'unknown'],
    ['a != "x"', {}, 'unknown'],
    ['!(a == "x")', {}, 'unknown'],
    ['a == "x" && b == "y"', { a: 'z' }, false],
    ['b == "y" && a == "x"', { a: 'z' }, false],
    ['a == "x" || b == "y"', { a: 'x' }, true],
    ['b == "y" || a == "x"', { a: 'x' }, true],
    ['b == "y" || a == "x"', { a: 'z' }, 'unknown'],
    ['has(a)', {}, false],
    ['has(a)', { a: null }, false],
    ['has( a ) && !has(b)', { a: 'x' }, true],
    ['has(a) ? a == "x" : true', {}, true],
    ['remote ? a == "x" : b == "y"', { a: 'x', b: 'y' }, 'unknown'],
    ['remote', { remote: true }, true],
    ['level >= 3', { level: 3 }, true],
    ['level == 3.0', { level: 3 }, true],
    ['a in ["x", "y"]', { a: 'y' }, true],
    ['a.startsWith("x") && size(a) > 1', { a: 'xy' }, true],
    ['int(a) == 1', { a: 'none' }, 'unknown'],
    ['(remote ? a : b) == "x"', { remote: true, a: 'x' }, true],
    ['a == "it\'s \\"so\\" \\\\ é"', { a: 'it\'s "so" \\ é' }, true],
  ])('%s with %j is %s', (text, attributes, answer) => {
    expect(condition(text)(attributes)).toBe(answer);
  });

  it.each([
    ['a == "Qualität"'],
    ['a in ["x", "Qualität"]'],
    ['a.startsWith("Qualitä")'],
    ['a.contains("ä") && size(a) == 8'],
    ['a == "Qualit" + "ät"'],
    ['a == "Qualit\\u0061\\u0308t"'],
  ])('%s means the same text in each normal form', (text) => {
    for (const form of ['NFC', 'NFD'] as const) {
      for (const stated of ['NFC', 'NFD'] as const) {
        expect(condition(text.normalize(form))({ a: 'Qualität'.normalize(stated) })).toBe(true);
      }
    }
    expect(condition(text)({ a: 'Qualitat' })).toBe(false);
  });

  it('finds nothing that objects inherit', () => {
    expect(condition('a == "x"')(Object.create({ a: 'x' }) as KnownAttributes)).toBe('unknown');
  });

  it.each([
    ['a', 'it is string'],
    ['dyn(a)', '"dyn" is not one'],
    ['a == ', 'a CEL expression'],
    ['a == 1', 'no such overload'],
    ['level == 3', 'write 3.0'],
    ['typo == "x"', '"typo" is not declared'],
    ['a.b == "x"', 'no fields'],
    ['has(a.b)', 'no fields'],
    ['has("a")', 'bare name'],
    ['has(a) == true', 'has() stands by itself'],
    ['["x"].exists(v, v == a)', 'only the functions'],
    [`a == "${'x'.repeat(2000)}"`, 'at most 2000 characters'],
    [`${'('.repeat(200)}remote${')'.repeat(200)}`, 'a CEL expression'],
  ])('is refused at load: %s', (text, problem) => {
    expect(compile(text)).toMatchObject({ problem: expect.stringContaining(problem) as string });
  });
});

/** Expressions with what they must answer, computed separately. */
type Expected = (attributes: KnownAttributes) => Answer;
interface Sample {
  readonly text: string;
  readonly expected: Expected;
}

const leaf: fc.Arbitrary<Sample> = fc.constantFrom(
  {
    text: 'a == "x"',
    expected: ({ a }: KnownAttributes) => (a === undefined ? 'unknown' : a === 'x'),
  },
  {
    text: 'b != "x"',
    expected: ({ b }: KnownAttributes) => (b === undefined ? 'unknown' : b !== 'x'),
  },
  { text: 'has(a)', expected: ({ a }: KnownAttributes) => a !== undefined },
  {
    text: 'remote',
    expected: ({ remote }: KnownAttributes) => (remote === undefined ? 'unknown' : remote === true),
  },
);
const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 4 },
    leaf,
    tie('sample').map(({ text, expected }) => ({
      text: `!(${text})`,
      expected: (known: KnownAttributes) => {
        const answer = expected(known);
        return answer === 'unknown' ? answer : !answer;
      },
    })),
    fc.tuple(tie('sample'), tie('sample'), fc.boolean()).map(([one, other, absorbing]) => ({
      text: `(${one.text}) ${absorbing ? '||' : '&&'} (${other.text})`,
      expected: (known: KnownAttributes) => {
        const answers = [one.expected(known), other.expected(known)];
        if (answers.includes(absorbing)) return absorbing;
        return answers.includes('unknown') ? 'unknown' : !absorbing;
      },
    })),
  ),
}));
const attributes = fc.record(
  { a: fc.constantFrom('x', 'y'), b: fc.constantFrom('x', 'y'), remote: fc.boolean() },
  { requiredKeys: [] },
);

describe('three-valued logic', () => {
  it('is that of Kleene for every expression', () => {
    fc.assert(
      fc.property(sample, attributes, ({ text, expected }, known) => {
        expect(condition(text)(known)).toBe(expected(known));
      }),
    );
  });

  it('never changes an answer when more becomes known, unless has() asks', () => {
    fc.assert(
      fc.property(sample, attributes, attributes, ({ text }, known, more) => {
        fc.pre(!text.includes('has('));
        const before = condition(text)(known);
        if (before !== 'unknown') expect(condition(text)({ ...more, ...known })).toBe(before);
      }),
    );
  });
});
