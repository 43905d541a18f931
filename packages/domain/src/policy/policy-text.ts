import { Failure } from '@latchkey/contracts';
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';

/** Far more than a thousand rules need. */
const POLICY_MAX_CHARACTERS = 1024 * 1024;

/** A place in the file: names and indices from the top. */
export type Path = readonly (string | number)[];

/** A policy file as data, and what is wrong with it so far. */
export interface PolicyText {
  readonly content: unknown;
  /** Sentences for the author, each with its line. */
  readonly problems: string[];
  /** Notes that at `path` something else was `expected`. The line is that of the nearest thing that exists. */
  readonly note: (path: Path, expected: string) => void;
}

/**
 * Reads one YAML 1.2 document of the core schema, without aliases and explicit tags.
 *
 * @throws Failure `POLICY_INVALID` if it is not that; its content is not checked then
 */
export function readPolicyText(text: string): PolicyText {
  if (text.length > POLICY_MAX_CHARACTERS) {
    throw refusal([`line 1: at most ${POLICY_MAX_CHARACTERS} characters, not ${text.length}`]);
  }
  const lines = new LineCounter();
  const document = parse(text, lines);
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const problems = [...document.errors, ...document.warnings].map(
    (error) => `line ${lineOf(error.pos[0])}: ${error.message}`,
  );
  visit(document, {
    Pair(_key, { key }) {
      // Readers of objects skip this name, so that its value would have no effect.
      if (!isScalar(key) || key.value !== '__proto__') return;
      problems.push(`line ${lineOf(startOf(key))}: no key may be called __proto__`);
    },
    Node(_key, node) {
      if (!isAlias(node) && node.anchor === undefined) return;
      problems.push(`line ${lineOf(node.range?.[0] ?? 0)}: no anchors and aliases`);
    },
  });
  if (problems.length > 0) throw refusal(problems);
  const note = (path: Path, expected: string): void => {
    const place = path.length === 0 ? '' : ` ${path.join('.')}:`;
    problems.push(`line ${lineOf(offsetOf(document.contents, path))}:${place} ${expected}`);
  };
  return { content: document.toJS(), problems, note };
}

/** All problems at once, in the order of their lines. */
export function refusal(problems: readonly string[]): Failure {
  const lineOf = (problem: string): number => Number(/^line (\d+)/.exec(problem)?.[1] ?? 0);
  const sorted = problems.toSorted((one, other) => lineOf(one) - lineOf(other));
  return new Failure('POLICY_INVALID', { problems: sorted });
}

function parse(text: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, {
      lineCounter,
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
    });
  } catch (error) {
    // The parser recurses: what is nested thousands deep exhausts its stack.
    if (error instanceof RangeError) throw refusal(['line 1: nested too deep']);
    throw error;
  }
}

/** Where the key at the end of the path begins, or the nearest thing above it that exists. */
function offsetOf(root: unknown, path: Path): number {
  let node = root;
  let offset = startOf(root);
  for (const step of path) {
    const found = stepInto(node, step);
    if (found === undefined) return offset;
    offset = found.offset;
    node = found.node;
  }
  return offset;
}

function stepInto(
  node: unknown,
  step: string | number,
): { readonly node: unknown; readonly offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair === undefined ? undefined : { node: pair.value, offset: startOf(pair.key) };
  }
  const item = (node as { readonly items?: readonly unknown[] } | null)?.items?.[Number(step)];
  return item === undefined ? undefined : { node: item, offset: startOf(item) };
}

function startOf(node: unknown): number {
  return isNode(node) ? (node as ParsedNode).range[0] : 0;
}
