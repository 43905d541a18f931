import type { Change } from '../mutant.ts';
import { clauseAt, conditionsIn, endOf, isOfBetween } from './clauses.ts';
import type { Token } from './tokens.ts';

/** Returns changes of the SQL of these tokens. */
type Operator = (tokens: readonly Token[]) => readonly Change[];

/** Every change of a statement, or of a piece of one. The result is SQL again. */
export function changesOf(tokens: readonly Token[]): readonly Change[] {
  return OPERATORS.flatMap((operator) => operator(tokens));
}

const SWAPS: Readonly<Record<string, readonly [operator: string, ...after: readonly string[]]>> = {
  '<': ['sql: comparison', '<=', '>='],
  '<=': ['sql: comparison', '<', '>'],
  '>': ['sql: comparison', '>=', '<='],
  '>=': ['sql: comparison', '>', '<'],
  '<>': ['sql: comparison', '='],
  min: ['sql: aggregate', 'max'],
  max: ['sql: aggregate', 'min'],
  greatest: ['sql: aggregate', 'least'],
  least: ['sql: aggregate', 'greatest'],
  bool_or: ['sql: aggregate', 'bool_and'],
  bool_and: ['sql: aggregate', 'bool_or'],
  true: ['sql: literal', 'false'],
  false: ['sql: literal', 'true'],
  days: ['sql: unit', 'hours'],
  hours: ['sql: unit', 'mins'],
  mins: ['sql: unit', 'secs'],
  secs: ['sql: unit', 'mins'],
  '+': ['sql: arithmetic', '-'],
};

/** Replaces one word or sign by another. */
const swap: Operator = (tokens) =>
  tokens.flatMap((token) => {
    if (token.kind !== 'word' && token.kind !== 'symbol') return [];
    const [operator, ...all] = SWAPS[token.text] ?? [];
    return operator === undefined
      ? []
      : all.map((after) => replaced(operator, token, token, after));
  });

/** `=` compares everywhere but in `set`. */
const equals: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    if (token.text !== '=' || clauseAt(tokens, at) === 'set') return [];
    if (['any', 'all'].includes(tokens[at + 1]?.text ?? '')) return [];
    return [replaced('sql: comparison', token, token, '<>')];
  });

const logic: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    if (token.text === 'and' && !isOfBetween(tokens, at)) {
      return [replaced('sql: and, or', token, token, 'or')];
    }
    return token.text === 'or' ? [replaced('sql: and, or', token, token, 'and')] : [];
  });

/** Replaces a condition by one that is always true; beside `or`, by one that is always false. */
const predicates: Operator = (tokens) =>
  conditionsIn(tokens).flatMap(([from, behind]) => {
    const [first, last] = [tokens[from], tokens[behind - 1]];
    if (first === undefined || last === undefined) return [];
    const isOneOf = [tokens[from - 1]?.text, tokens[behind]?.text].includes('or');
    return [replaced('sql: predicate dropped', first, last, isOneOf ? 'false' : 'true')];
  });

/** Negates `is null`, `is distinct from` and `exists`. */
const contraries: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    const [next, other] = [tokens[at + 1], tokens[at - 1]];
    if (next === undefined) return [];
    if (token.text === 'is' && next.text === 'not') {
      return [replaced('sql: contrary', token, next, 'is')];
    }
    if (token.text === 'is' && ['null', 'distinct'].includes(next.text)) {
      return [replaced('sql: contrary', token, token, 'is not')];
    }
    if (token.text !== 'exists') return [];
    return other?.text === 'not'
      ? [replaced('sql: contrary', other, token, 'exists')]
      : [replaced('sql: contrary', token, token, 'not exists')];
  });

const ENDS_ORDER = new Set(['limit', 'offset', 'for', 'on', 'rows', 'returning', 'union']);

/** Drops `order by`, and reverses its last column. */
const order: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    if (token.text !== 'order' || tokens[at + 1]?.text !== 'by') return [];
    const behind = endOf(tokens, at, (one) => one.kind === 'word' && ENDS_ORDER.has(one.text));
    const last = tokens[behind - 1];
    if (last === undefined) return [];
    const isDown = last.text === 'desc';
    return [
      replaced('sql: order dropped', token, last, ''),
      isDown
        ? replaced('sql: order reversed', last, last, '')
        : { operator: 'sql: order reversed', start: last.end, end: last.end, after: ' desc' },
    ];
  });

const limit: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    const next = tokens[at + 1];
    if (token.text !== 'limit' || next === undefined) return [];
    return [replaced('sql: limit dropped', token, next, '')];
  });

/** Changes the action of a conflict: to an error, or from an update to nothing. */
const conflicts: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    if (token.text !== 'on' || tokens[at + 1]?.text !== 'conflict') return [];
    const behind = endOf(tokens, at, ({ text }) => text === 'returning');
    const does = tokens.findIndex(({ text }, index) => index > at && text === 'do');
    const [verb, last] = [tokens[does + 1], tokens[behind - 1]];
    if (verb === undefined || last === undefined) return [];
    const dropped = replaced('sql: on conflict dropped', token, last, '');
    if (verb.text !== 'update') return [dropped];
    return [dropped, replaced('sql: conflict does nothing', verb, last, 'nothing')];
  });

/** Drops `for update`, and `skip locked` alone. */
const locks: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    const next = tokens[at + 1];
    if (token.text === 'skip' && next?.text === 'locked') {
      return [replaced('sql: skip locked dropped', token, next, '')];
    }
    if (token.text !== 'for' || !['update', 'no', 'share', 'key'].includes(next?.text ?? '')) {
      return [];
    }
    const last = tokens[endOf(tokens, at, () => false) - 1];
    return last === undefined ? [] : [replaced('sql: lock dropped', token, last, '')];
  });

const ENDS_SET = new Set(['from', 'where', 'returning']);

/** Drops one of several assignments of an update. */
const assignments: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    if (token.text !== 'set') return [];
    const behind = endOf(tokens, at + 1, ({ text }) => ENDS_SET.has(text));
    const depth = tokens[at + 1]?.depth;
    const commas = indexesOf(tokens, at + 1, behind, ',', depth);
    const [first] = commas;
    if (first === undefined) return [];
    const ends = [...commas.slice(1), behind];
    return [
      // The first is dropped with the comma after it, the others with the one before them.
      dropped('sql: assignment dropped', tokens[at + 1], tokens[first]),
      ...commas.map((comma, index) =>
        dropped('sql: assignment dropped', tokens[comma], tokens[(ends[index] ?? behind) - 1]),
      ),
    ].flat();
  });

const distinct: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    const next = tokens[at + 1]?.text;
    if (token.text !== 'distinct' || next === 'from' || next === 'on') return [];
    return dropped('sql: distinct dropped', token, token);
  });

/** Keeps only the first argument of `coalesce`. */
const fallbacks: Operator = (tokens) =>
  tokens.flatMap((token, at) => {
    if (token.text !== 'coalesce' || tokens[at + 1]?.text !== '(') return [];
    const comma = endOf(tokens, at + 2, ({ text }) => text === ',');
    const close = endOf(tokens, at + 2, () => false);
    return tokens[comma]?.text === ','
      ? dropped('sql: coalesce dropped', tokens[comma], tokens[close - 1])
      : [];
  });

const OPERATORS: readonly Operator[] = [
  swap,
  equals,
  logic,
  predicates,
  contraries,
  order,
  limit,
  conflicts,
  locks,
  assignments,
  distinct,
  fallbacks,
];

function indexesOf(
  tokens: readonly Token[],
  from: number,
  behind: number,
  text: string,
  depth: number | undefined,
): readonly number[] {
  return tokens.flatMap((token, at) =>
    at >= from && at < behind && token.text === text && token.depth === depth ? [at] : [],
  );
}

function replaced(operator: string, first: Token, last: Token, after: string): Change {
  return { operator, start: first.start, end: last.end, after };
}

function dropped(
  operator: string,
  first: Token | undefined,
  last: Token | undefined,
): readonly Change[] {
  return first === undefined || last === undefined ? [] : [replaced(operator, first, last, '')];
}
