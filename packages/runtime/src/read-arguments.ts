import { parseArgs } from 'node:util';
import { Failure } from '@latchkey/contracts';

/** Options by their names without the dashes: a text, or a flag that is given or not. */
export type OptionShapes = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;

/** The arguments that a command accepts. It accepts nothing else. */
export interface Grammar<O extends OptionShapes> {
  /** As it is called: `relay rebase`, `npm run stack --`. */
  readonly command: string;
  readonly options: O;
  /** What the positional arguments are, in their order. The last one may end with `...`: any number of it, also none. */
  readonly positionals?: readonly string[];
  /** All of it as `--help` shows it: `<topic> <partition> [--from <offset>]`. */
  readonly usage: string;
}

/** A text that was not given is undefined, a flag that was not given is false. */
export type Given<O extends OptionShapes> = {
  readonly [Name in keyof O]: O[Name]['type'] extends 'string' ? string | undefined : boolean;
} & { readonly positionals: readonly string[] };

const MAX_ARGUMENTS = 10_000;

/**
 * Reads the arguments of a command strictly: each is one that the grammar names, an option is given at
 * most once, and no text is empty.
 *
 * @throws Failure USAGE_INVALID with a sentence for each argument that is not understood, and with
 *   what the command accepts
 */
export function readArguments<const O extends OptionShapes>(
  grammar: Grammar<O>,
  args: readonly string[],
): Given<O> {
  if (args.length > MAX_ARGUMENTS) throw misused(grammar, [`at most ${MAX_ARGUMENTS} arguments`]);
  const { values, positionals, tokens } = parsed(grammar, args);
  const problems = [
    ...repeatedOptions(tokens),
    ...emptyTexts(values, positionals),
    ...positionalProblems(grammar.positionals ?? [], positionals),
  ];
  if (problems.length > 0) throw misused(grammar, problems);
  const given = Object.entries(grammar.options).map(([name, { type }]) => [
    name,
    values[name] ?? (type === 'string' ? undefined : false),
  ]);
  return { ...Object.fromEntries(given), positionals } as Given<O>;
}

/** USAGE_INVALID with these problems, and with what the command accepts. */
export function misused(
  { command, usage }: Pick<Grammar<OptionShapes>, 'command' | 'usage'>,
  problems: readonly string[],
): Failure {
  const expected = usage === '' ? `${command} takes no arguments` : `usage: ${command} ${usage}`;
  return new Failure('USAGE_INVALID', { problems: [...problems, expected] });
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  readonly tokens: readonly { readonly kind: string; readonly rawName?: string }[];
}

function parsed(grammar: Grammar<OptionShapes>, args: readonly string[]): Parsed {
  const { options } = grammar;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
  } catch (error) {
    // Node's first sentence names the option, and never its value; the others are advice that does not fit every command.
    const [problem = ''] = (error instanceof Error ? error.message : '').split(/\.\s|\n/, 1);
    throw misused(grammar, [problem]);
  }
}

function repeatedOptions(tokens: Parsed['tokens']): readonly string[] {
  const names = tokens.flatMap(({ kind, rawName }) =>
    kind === 'option' && rawName !== undefined ? [rawName] : [],
  );
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(repeated)].map((name) => `${name}: given more than once`);
}

function emptyTexts(values: Parsed['values'], positionals: readonly string[]): readonly string[] {
  const options = Object.keys(values).filter((name) => values[name] === '');
  return [
    ...options.map((name) => `--${name}: empty`),
    ...positionals.flatMap((text, index) => (text === '' ? [`argument ${index + 1}: empty`] : [])),
  ];
}

function positionalProblems(
  names: readonly string[],
  positionals: readonly string[],
): readonly string[] {
  const isRepeated = names.at(-1)?.endsWith('...') === true;
  const single = isRepeated ? names.slice(0, -1) : names;
  const missing = single.slice(positionals.length).map((name) => `<${name}>: required`);
  const extra = isRepeated ? [] : positionals.slice(single.length);
  return [...missing, ...extra.map((text) => `unexpected argument: ${text}`)];
}
