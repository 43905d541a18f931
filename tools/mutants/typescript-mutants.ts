import { Instrumenter } from '@stryker-mutator/instrumenter';
import type { Change } from './mutant.ts';

/** The result of Stryker's instrumenter for one file. */
export interface Instrumented {
  /** Contains every mutant; each records when it is reached. */
  readonly text: string;
  readonly changes: readonly NumberedChange[];
}

/** A change; the id is recorded when it is reached. */
export interface NumberedChange extends Change {
  readonly id: string;
}

type Logger = ConstructorParameters<typeof Instrumenter>[0];
const silent = {
  isDebugEnabled: () => false,
  ...Object.fromEntries(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => undefined]),
  ),
} as unknown as Logger;

/** Every change that Stryker knows for a file. Ids begin with the name of the file. */
export async function instrument(file: string, text: string): Promise<Instrumented> {
  const instrumenter = new Instrumenter(silent);
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const { files, mutants } = await instrumenter.instrument(
    [{ name: file, content: text, mutate: true }],
    options,
  );
  const starts = lineStartsOf(text);
  const offsetOf = ({ line, column }: { line: number; column: number }): number =>
    (starts[line] ?? 0) + column;
  const changes = mutants.map(({ id, mutatorName, location, replacement }) => ({
    id: `${file}#${id}`,
    operator: mutatorName,
    start: offsetOf(location.start),
    end: offsetOf(location.end),
    after: BRACKETED.has(mutatorName) && !isCase(replacement) ? `(${replacement})` : replacement,
  }));
  const marked = (files[0]?.content ?? '').replaceAll(
    /stry(?:Cov|MutAct)_9fa48\([^()]*\)/g,
    (call) => call.replaceAll(/"(\d+)"/g, (_, id: string) => JSON.stringify(`${file}#${id}`)),
  );
  return { text: marked, changes };
}

/** Their replacements may bind less tightly than the code around them. */
const BRACKETED = new Set([
  'ArithmeticOperator',
  'ArrowFunction',
  'ConditionalExpression',
  'EqualityOperator',
  'LogicalOperator',
  'ObjectLiteral',
  'UnaryOperator',
]);

function isCase(replacement: string): boolean {
  return /^(case\b|default\b)/.test(replacement);
}

/**
 * True if tests run for a change. Excluded are messages (a test that repeats them proves nothing), names of
 * statements, and SQL as a whole, which has separate operators.
 */
export function isAsked({ operator, start, end }: Change, text: string): boolean {
  if (operator !== 'StringLiteral') return true;
  const before = text.slice(start, end);
  if (before.startsWith('`') || /\s/.test(before)) return false;
  return !/statement(<[^()]*>)?\(\s*$/.test(text.slice(0, start));
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (const { index } of text.matchAll(/\n/g)) starts.push(index + 1);
  return starts;
}
