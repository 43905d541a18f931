/** The part of PromQL that docs/operations.md uses. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | {
      readonly kind: 'series';
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
      /** undefined: the current value. */
      readonly rangeSeconds: number | undefined;
    }
  | { readonly kind: 'call'; readonly name: string; readonly of: readonly Expression[] }
  | {
      readonly kind: 'aggregate';
      readonly name: string;
      /** The labels that stay. */
      readonly by: readonly string[];
      readonly of: Expression;
    }
  | {
      readonly kind: 'operation';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

/** Lowest precedence first. */
const OPERATORS: readonly (readonly string[])[] = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '>=', '<=', '>', '<'],
  ['+', '-'],
  ['*', '/'],
];
const AGGREGATES = ['max', 'min', 'sum', 'count'];
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const TOKEN = /\s*(\d+[smhd]\b|\d+(?:\.\d+)?|[a-zA-Z_]\w*|"[^"]*"|==|!=|>=|<=|[-+*/(){}[\],<>=])/y;

/** @throws Error if the text is no expression, or uses unsupported syntax */
export function parse(text: string): Expression {
  const tokens = new Tokens(text);
  const expression = operation(tokens, 0);
  tokens.end();
  return expression;
}

class Tokens {
  readonly #all: readonly string[];
  #at = 0;

  constructor(text: string) {
    const all: string[] = [];
    TOKEN.lastIndex = 0;
    for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
      all.push(found[1] ?? '');
      if (TOKEN.lastIndex === text.trimEnd().length) break;
    }
    if (all.join('') !== text.replaceAll(/\s+/g, '')) throw new Error(`not understood: ${text}`);
    this.#all = all;
  }

  get next(): string {
    return this.#all[this.#at] ?? '';
  }

  shift(): string {
    const token = this.next;
    if (token === '') throw new Error('the expression ends too early');
    this.#at += 1;
    return token;
  }

  /** True if it was next, and was consumed. */
  skip(token: string): boolean {
    if (this.next !== token) return false;
    this.#at += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.skip(token)) throw new Error(`expected ${token}, found ${this.next}`);
  }

  end(): void {
    if (this.next !== '') throw new Error(`not expected: ${this.next}`);
  }
}

function operation(tokens: Tokens, level: number): Expression {
  const operators = OPERATORS[level];
  if (operators === undefined) return operand(tokens);
  let left = operation(tokens, level + 1);
  while (operators.includes(tokens.next)) {
    const operator = tokens.shift();
    left = { kind: 'operation', operator, left, right: operation(tokens, level + 1) };
  }
  return left;
}

function operand(tokens: Tokens): Expression {
  const token = tokens.shift();
  if (token === '(') {
    const inner = operation(tokens, 0);
    tokens.expect(')');
    return inner;
  }
  if (/^\d/.test(token)) return { kind: 'number', value: Number(token) };
  if (AGGREGATES.includes(token)) return aggregate(token, tokens);
  if (!tokens.skip('(')) return series(token, tokens);
  return { kind: 'call', name: token, of: listUntil(')', tokens, () => operation(tokens, 0)) };
}

function aggregate(name: string, tokens: Tokens): Expression {
  let by: readonly string[] = [];
  if (tokens.skip('by')) {
    tokens.expect('(');
    by = listUntil(')', tokens, () => tokens.shift());
  }
  tokens.expect('(');
  const of = operation(tokens, 0);
  tokens.expect(')');
  return { kind: 'aggregate', name, by, of };
}

function series(name: string, tokens: Tokens): Expression {
  const pairs = tokens.skip('{')
    ? listUntil('}', tokens, () => {
        const label = tokens.shift();
        tokens.expect('=');
        return [label, tokens.shift().slice(1, -1)] as const;
      })
    : [];
  let rangeSeconds: number | undefined;
  if (tokens.skip('[')) {
    rangeSeconds = secondsOf(tokens.shift());
    tokens.expect(']');
  }
  return { kind: 'series', name, labels: Object.fromEntries(pairs), rangeSeconds };
}

function listUntil<T>(end: string, tokens: Tokens, one: () => T): readonly T[] {
  const all: T[] = [];
  while (!tokens.skip(end)) {
    all.push(one());
    if (tokens.next !== end) tokens.expect(',');
  }
  return all;
}

/** Of `10m` and the like. */
function secondsOf(duration: string): number {
  const unit = UNIT_SECONDS[duration.slice(-1)];
  if (unit === undefined) throw new Error(`no duration: ${duration}`);
  return Number(duration.slice(0, -1)) * unit;
}
