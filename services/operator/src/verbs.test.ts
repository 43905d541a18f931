import { DEAD_LETTER_CODES, Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { VERBS } from './verbs.ts';

test.each(VERBS)(
  'the usage of $command names its options and arguments, and nothing else',
  (verb) => {
    const named = verb.usage.match(/(?<=--)[a-z-]+/g) ?? [];
    expect(new Set(named)).toEqual(new Set(Object.keys(verb.options)));
    const shown = [...verb.usage.matchAll(/(?<![a-z|] |\|)<([^<>]+)>(\.\.\.)?/g)].map(
      ([, name = '', dots = '']) => name + dots,
    );
    expect(shown).toEqual(verb.positionals ?? []);
  },
);

test.each(VERBS)('$command refuses an option that it does not have', (verb) => {
  const positionals = (verb.positionals ?? []).map(() => 'x');
  const prepare = () => verb.prepare([...positionals, '--unheard-of', 'x']);
  expect(prepare).toThrow(Failure);
  expect(problemsOf(prepare)).toEqual([
    "Unknown option '--unheard-of'",
    `usage: ${verb.command} ${verb.usage}`,
  ]);
});

const CODES_EXPECTED = `--code: expected one of ${DEAD_LETTER_CODES.join(', ')}`;

test.each([
  ['relay rebase', ['--topic', 'T'], "Unknown option '--topic'"],
  ['relay rebase', ['everything'], 'unexpected argument: everything'],
  ['relay replay', ['--all'], "Unknown option '--all'"],
  ['relay replay', ['--partition', '1'], '--topic: required with --partition and --from'],
  [
    'relay replay',
    ['--topic', 'T', '--from', '0'],
    '--from: expected earliest, latest or a position, from 1 on',
  ],
  ['progress show', ['orders'], 'unexpected argument: orders'],
  ['dead-letters redrive', ['id', '--code', 'NOT_JSON'], '--code: not together with ids'],
  ['dead-letters redrive', ['--topic', 'T'], '<id>, or --code: required'],
  ['dead-letters list', ['--code', 'NOPE'], CODES_EXPECTED],
  ['dead-letters list', ['--code', 'not_json'], CODES_EXPECTED],
  ['dead-letters redrive', ['--code', 'LOG_DIFFERS'], CODES_EXPECTED],
])('%s %j is refused before anything is opened', (command, args, problem) => {
  const verb = VERBS.find((one) => one.command === command);
  expect(problemsOf(() => verb?.prepare(args))).toContain(problem);
});

test.each(DEAD_LETTER_CODES)('dead letters are listed and redriven by the code %s', (code) => {
  for (const command of ['dead-letters list', 'dead-letters redrive']) {
    const verb = VERBS.find((one) => one.command === command);
    expect(verb?.prepare(['--code', code])).toBeTypeOf('function');
  }
});

function problemsOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof Failure ? error.details['problems'] : error;
  }
}
