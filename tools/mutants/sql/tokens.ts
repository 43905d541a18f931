/** A piece of SQL. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'parameter' | 'symbol';
  /** Words in lower case. */
  readonly text: string;
  /** Offsets in the whole file, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** How many parentheses are open around it; a parenthesis does not count itself. */
  readonly depth: number;
}

const PATTERN =
  /(?<space>\s+|--[^\n]*)|(?<text>[Ee]?'(?:[^'\\]|''|\\.)*')|(?<quoted>"[^"]*")|(?<number>\d+(?:\.\d+)?)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<symbol>::|=>|<=|>=|<>|!=|\|\||->>?|@>|[^\s])/y;

/**
 * The SQL of a template, which begins and ends at these offsets of the file. Each of the `holes` (`${…}`,
 * including these signs) is one parameter.
 */
export function tokensOf(
  file: string,
  { start, end }: Span,
  holes: readonly Span[],
): readonly Token[] {
  const tokens: Token[] = [];
  let at = start;
  let depth = 0;
  while (at < end) {
    const hole = holes.find((one) => one.start === at);
    if (hole !== undefined) {
      tokens.push({ kind: 'parameter', text: '$', start: at, end: hole.end, depth });
      at = hole.end;
      continue;
    }
    PATTERN.lastIndex = at;
    const groups = PATTERN.exec(file)?.groups ?? {};
    const [kind, text] = kindOf(groups);
    const next = at + text.length;
    if (text === ')') depth -= 1;
    if (kind !== 'space') {
      const lower = kind === 'word' ? text.toLowerCase() : text;
      tokens.push({ kind, text: lower, start: at, end: next, depth });
    }
    if (text === '(') depth += 1;
    at = next;
  }
  return tokens;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

function kindOf(groups: Record<string, string>): [Token['kind'] | 'space', string] {
  const { space, text, quoted, number, word, symbol } = groups;
  if (space !== undefined) return ['space', space];
  if (text !== undefined) return ['text', text];
  // A name in quotes is no key word.
  if (quoted !== undefined) return ['symbol', quoted];
  if (number !== undefined) return ['number', number];
  if (word !== undefined) return ['word', word];
  return ['symbol', symbol ?? ' '];
}
