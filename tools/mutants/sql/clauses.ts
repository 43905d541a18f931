import type { Token } from './tokens.ts';

/** Where an expression of a condition ends, on the same level. */
const ENDS_CONDITION = new Set(
  'and or order limit for group having union except intersect offset returning then else end when where window join left right cross inner full set on values do'.split(
    ' ',
  ),
);
const BEGINS_CONDITION = new Set(['where', 'having', 'and', 'or', 'when']);

/** Words that begin a clause: a token belongs to the last of these before it on the same level. */
const CLAUSES = new Set(
  'select from where having on set values order limit offset returning group using with when then else partition by'.split(
    ' ',
  ),
);

/** Returns the index after the expression that begins at `from`: of the first token on its level that ends or closes it. */
export function endOf(
  tokens: readonly Token[],
  from: number,
  ends: (token: Token, index: number) => boolean,
): number {
  const depth = tokens[from]?.depth ?? 0;
  const found = tokens.findIndex((token, at) => {
    if (at < from || token.depth > depth) return false;
    if (token.depth < depth) return true;
    return (token.text === ')' && isUnopened(tokens, from, at)) || ends(token, at);
  });
  return found === -1 ? tokens.length : found;
}

/** True if the parenthesis that closes at `at` opens before `from`. */
function isUnopened(tokens: readonly Token[], from: number, at: number): boolean {
  const depth = tokens[at]?.depth;
  const own = tokens.slice(from, at).filter((token) => token.depth === depth);
  const opened = own.filter(({ text }) => text === '(').length;
  return opened === own.filter(({ text }) => text === ')').length;
}

/** Returns the clause of a token: the last word on its level, or around it, that begins one. */
export function clauseAt(tokens: readonly Token[], at: number): string {
  let depth = tokens[at]?.depth ?? 0;
  for (let index = at - 1; index >= 0; index -= 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.text === '(' && token.depth < depth) {
      // No clause begins within the brackets of an expression.
      depth = token.depth;
      continue;
    }
    if (token.depth === depth && token.kind === 'word' && CLAUSES.has(token.text)) {
      return token.text;
    }
  }
  return '';
}

/** Every single condition, as the indexes of its first token and the one after its last. */
export function conditionsIn(tokens: readonly Token[]): readonly (readonly [number, number])[] {
  return tokens.flatMap((_, at) => {
    if (!beginsCondition(tokens, at)) return [];
    const from = at + 1;
    const end = endOf(tokens, from, (one, index) => endsCondition(tokens, one, index));
    return end > from ? [[from, end] as const] : [];
  });
}

function beginsCondition(tokens: readonly Token[], at: number): boolean {
  const text = tokens[at]?.text ?? '';
  if (text === 'on') return tokens[at + 1]?.text !== 'conflict';
  return BEGINS_CONDITION.has(text) && !(text === 'and' && isOfBetween(tokens, at));
}

function endsCondition(tokens: readonly Token[], { kind, text }: Token, at: number): boolean {
  if (text === ',') return true;
  if (text === 'and' && isOfBetween(tokens, at)) return false;
  return kind === 'word' && ENDS_CONDITION.has(text);
}

const NOT_WITHIN_BETWEEN = new Set(['and', 'or', 'where', 'on', 'when', 'having']);

/** True if this `and` belongs to `between … and …`. */
export function isOfBetween(tokens: readonly Token[], at: number): boolean {
  const depth = tokens[at]?.depth ?? 0;
  const before = tokens.slice(0, at);
  const opened = before.findLastIndex((token) => token.depth < depth);
  const own = before.slice(opened + 1).filter((token) => token.depth === depth);
  const last = own.findLast(({ text }) => text === 'between' || NOT_WITHIN_BETWEEN.has(text));
  return last?.text === 'between';
}
