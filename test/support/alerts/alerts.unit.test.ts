import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { parse } from './parse.ts';
import { type Scrape, samplesIn } from './scrape.ts';

/** A scrape of each text, a minute apart; the last is at the moment. */
function scrapesOf(texts: readonly string[], instance = 'a'): readonly Scrape[] {
  return texts.map((text, index) => ({
    instance,
    atSeconds: index * 60,
    samples: samplesIn(text),
  }));
}

function valuesOf(expression: string, scrapes: readonly Scrape[]): readonly number[] {
  const atSeconds = Math.max(...scrapes.map((scrape) => scrape.atSeconds));
  return evaluate(parse(expression), scrapes, atSeconds).map(({ value }) => value);
}

test('samples are read with labels of any content', () => {
  const text = '# HELP a b\na{x="1",y="{a, b}"} 2\nb 3.5\nc{le="+Inf"} 1e3\nd +Inf\n';
  expect(samplesIn(text)).toEqual([
    { labels: { __name__: 'a', x: '1', y: '{a, b}' }, value: 2 },
    { labels: { __name__: 'b' }, value: 3.5 },
    { labels: { __name__: 'c', le: '+Inf' }, value: 1_000 },
    { labels: { __name__: 'd' }, value: Number.POSITIVE_INFINITY },
  ]);
});

test.each([
  ['a > 1', ['a{x="1"} 1\na{x="2"} 2'], [2]],
  ['a{x="1"} == 1', ['a{x="1"} 1\na{x="2"} 2'], [1]],
  ['a < 2 * 3 + 1', ['a 6'], [6]],
  ['2 * a - 1 > 6', ['a 4'], [7]],
  ['a - b > 1', ['a{x="1"} 5\nb{x="1"} 3\na{x="2"} 5'], [2]],
  ['a > 3 or absent(b)', ['a 1'], [1]],
  ['a > 3 or absent(a)', ['a 1'], []],
  ['a > 0 and b == 0', ['a{x="1"} 1\nb{x="1"} 0\na{x="2"} 1\nb{x="2"} 1'], [1]],
  ['a > 0 unless b == 0', ['a{x="1"} 7\nb{x="1"} 0\na{x="2"} 8\nb{x="2"} 1'], [8]],
  ['increase(a[10m]) > 0', ['a 0', 'a 1'], [1]],
  ['increase(a[10m]) > 0', ['a 1', 'a 1'], []],
  ['increase(a[10m]) > 0', ['a 1'], []],
  ['increase(a[10m])', ['a 5', 'a 1', 'a 3'], [3]],
  ['increase(a[2m])', ['a 0', 'a 5', 'a 6'], [1]],
  ['changes(a[10m])', ['a 5', 'a 5', 'a 6', 'a 5'], [2]],
  ['delta(a[10m])', ['a 5', 'a 9', 'a 3'], [-2]],
  ['min_over_time(a[10m])', ['a 5', 'a 2', 'a 3'], [2]],
  ['max by (x) (a)', ['a{x="1",y="1"} 1\na{x="1",y="2"} 2\na{x="2",y="1"} 9'], [2, 9]],
  ['sum(a)', ['a{x="1"} 1\na{x="2"} 2'], [3]],
  ['time() - 1 * 60', ['a 1'], undefined],
] as const)('%s', (expression, texts, expected) => {
  if (expected === undefined) {
    expect(() => valuesOf(expression, scrapesOf(texts))).toThrow('about series');
  } else expect(valuesOf(expression, scrapesOf(texts))).toEqual(expected);
});

test('a series that its target no longer exports is gone, that of another target stays', () => {
  const scrapes = [...scrapesOf(['a 1', ''], 'one'), ...scrapesOf(['a 2', 'a 3'], 'other')];
  expect(valuesOf('a', scrapes)).toEqual([3]);
});

test.each(['a >', 'a ? b', 'rate(a[5m])', '(a', 'a b'])('%s is refused', (expression) => {
  expect(() => valuesOf(expression, scrapesOf(['a 1', 'a 2']))).toThrow();
});
