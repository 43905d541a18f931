import type { Expression } from './parse.ts';
import type { Sample, Scrape } from './scrape.ts';

/** One series with its values in a range of time, oldest first. */
interface Range {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

type Value = number | readonly Sample[];

/** A series that is missing in the latest scrape of its target is gone; a target not scraped for this time, too. */
const LOOK_BACK_SECONDS = 300;

/**
 * The value of an expression at a moment, as in Prometheus, with one difference: `increase` and `delta` are the
 * difference of the first and the last value, not extrapolated to the whole range.
 *
 * @param scrapes - in the order of their time
 * @returns the series for which it is true; none where it is not
 * @throws Error for unsupported expressions
 */
export function evaluate(
  expression: Expression,
  scrapes: readonly Scrape[],
  atSeconds: number,
): readonly Sample[] {
  const value = valueOf(expression, { scrapes, atSeconds });
  if (typeof value === 'number') throw new Error('an alert is about series');
  return value;
}

interface Moment {
  readonly scrapes: readonly Scrape[];
  readonly atSeconds: number;
}

function valueOf(expression: Expression, at: Moment): Value {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'series':
      return latest(at).filter((sample) => isOf(sample, expression));
    case 'call':
      return call(expression.name, expression.of, at);
    case 'aggregate':
      return aggregate(expression, series(expression.of, at));
    case 'operation':
      return operate(
        expression.operator,
        valueOf(expression.left, at),
        valueOf(expression.right, at),
      );
  }
}

type Series = Extract<Expression, { readonly kind: 'series' }>;

function latest({ scrapes, atSeconds }: Moment): readonly Sample[] {
  const byInstance = new Map<string, Scrape>();
  for (const scrape of scrapes) {
    const age = atSeconds - scrape.atSeconds;
    if (age >= 0 && age <= LOOK_BACK_SECONDS) byInstance.set(scrape.instance, scrape);
  }
  return [...byInstance.values()].flatMap(({ samples }) => samples);
}

function isOf({ labels }: Sample, { name, labels: wanted }: Series): boolean {
  const all = Object.entries({ ...wanted, __name__: name });
  return all.every(([label, value]) => labels[label] === value);
}

function ranges(
  expression: Expression | undefined,
  { scrapes, atSeconds }: Moment,
): readonly Range[] {
  if (expression?.kind !== 'series' || expression.rangeSeconds === undefined) {
    throw new Error('a series with a range is expected');
  }
  const from = atSeconds - expression.rangeSeconds;
  const inside = scrapes.filter(
    (scrape) => scrape.atSeconds > from && scrape.atSeconds <= atSeconds,
  );
  const samples = inside.flatMap((scrape) => scrape.samples.filter((one) => isOf(one, expression)));
  return [...Map.groupBy(samples, keyOf).values()].map((own) => ({
    labels: unnamed(own[0] as Sample),
    values: own.map(({ value }) => value),
  }));
}

const OVER_TIME: Readonly<Record<string, (values: readonly number[]) => number>> = {
  min_over_time: (values) => Math.min(...values),
  max_over_time: (values) => Math.max(...values),
  changes: (values) => stepsOf(values).filter(([before, after]) => before !== after).length,
  delta: (values) => (values.at(-1) ?? 0) - (values[0] ?? 0),
  // A counter that is lower than before was reset to 0.
  increase: (values) =>
    stepsOf(values).reduce(
      (sum, [before, after]) => sum + (after < before ? after : after - before),
      0,
    ),
};
/** Undefined for a single value. */
const OF_TWO = ['delta', 'increase'];

function stepsOf(values: readonly number[]): readonly (readonly [number, number])[] {
  return values.slice(1).map((after, index) => [values[index] ?? 0, after] as const);
}

function call(name: string, of: readonly Expression[], at: Moment): Value {
  const [first] = of;
  if (name === 'time') return at.atSeconds;
  if (name === 'absent' && first !== undefined) {
    return series(first, at).length === 0 ? [{ labels: {}, value: 1 }] : [];
  }
  const overTime = OVER_TIME[name];
  if (overTime === undefined) throw new Error(`the function ${name} is not known here`);
  return ranges(first, at)
    .filter(({ values }) => values.length > 1 || !OF_TWO.includes(name))
    .map(({ labels, values }) => ({ labels, value: overTime(values) }));
}

function series(expression: Expression, at: Moment): readonly Sample[] {
  const value = valueOf(expression, at);
  if (typeof value === 'number') throw new Error('series are expected, not a number');
  return value;
}

function aggregate(
  { name, by }: Extract<Expression, { readonly kind: 'aggregate' }>,
  samples: readonly Sample[],
): readonly Sample[] {
  const kept = samples.map(({ labels, value }) => ({
    labels: Object.fromEntries(by.flatMap((label) => pair(label, labels[label]))),
    value,
  }));
  return [...Map.groupBy(kept, keyOf).values()].map((own) => ({
    labels: own[0]?.labels ?? {},
    value: together(
      name,
      own.map(({ value }) => value),
    ),
  }));
}

function pair(label: string, value: string | undefined): readonly (readonly [string, string])[] {
  return value === undefined ? [] : [[label, value]];
}

function together(name: string, values: readonly number[]): number {
  switch (name) {
    case 'max':
      return Math.max(...values);
    case 'min':
      return Math.min(...values);
    case 'count':
      return values.length;
    default:
      return values.reduce((sum, value) => sum + value, 0);
  }
}

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};
const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
};

function operate(operator: string, left: Value, right: Value): Value {
  const compute = ARITHMETIC[operator];
  if (typeof left === 'number' && typeof right === 'number') {
    if (compute === undefined) throw new Error('two numbers are compared');
    return compute(left, right);
  }
  if (typeof left === 'number') {
    if (compute === undefined || typeof right === 'number') throw new Error('series come first');
    return right.map((one) => ({ labels: unnamed(one), value: compute(left, one.value) }));
  }
  if (['or', 'and', 'unless'].includes(operator)) return combine(operator, left, right);
  const rightOf = (one: Sample): number | undefined =>
    typeof right === 'number' ? right : right.find((other) => keyOf(other) === keyOf(one))?.value;
  return left.flatMap((one) => {
    const other = rightOf(one);
    if (other === undefined) return [];
    if (compute === undefined)
      return COMPARISONS[operator]?.(one.value, other) === true ? [one] : [];
    return [{ labels: unnamed(one), value: compute(one.value, other) }];
  });
}

function combine(operator: string, left: readonly Sample[], right: Value): readonly Sample[] {
  if (typeof right === 'number') throw new Error(`${operator} is between series`);
  const keys = (samples: readonly Sample[]) => new Set(samples.map(keyOf));
  if (operator === 'or') return [...left, ...right.filter((one) => !keys(left).has(keyOf(one)))];
  return left.filter((one) => keys(right).has(keyOf(one)) === (operator === 'and'));
}

function unnamed({ labels }: Sample): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => label !== '__name__'));
}

/** Names the series among those of one metric. */
function keyOf(sample: Sample): string {
  return JSON.stringify(Object.entries(unnamed(sample)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
