import { Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { readArguments } from './read-arguments.ts';

const accept = {
  command: 'progress accept',
  options: { from: { type: 'string' }, json: { type: 'boolean' } },
  positionals: ['topic', 'partition'],
  usage: '<topic> <partition> [--from <offset>] [--json]',
} as const;
const redrive = {
  command: 'redrive',
  options: { code: { type: 'string' } },
  positionals: ['id...'],
  usage: '<id>... | --code <code>',
} as const;

function problems(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error instanceof Failure ? error.details['problems'] : error;
  }
}

test('what the grammar names is read; what was not given is undefined or false', () => {
  expect(readArguments(accept, ['orders', '0', '--from', '12'])).toEqual({
    positionals: ['orders', '0'],
    from: '12',
    json: false,
  });
  expect(readArguments(accept, ['--json', 'orders', '--from=12', '--', '--odd'])).toEqual({
    positionals: ['orders', '--odd'],
    from: '12',
    json: true,
  });
  expect(readArguments(redrive, [])).toEqual({ positionals: [], code: undefined });
  expect(readArguments(redrive, ['a', 'b']).positionals).toEqual(['a', 'b']);
});

const USAGE = 'usage: progress accept <topic> <partition> [--from <offset>] [--json]';

test.each([
  [
    ['t', '0', '--topic', 'T'],
    ["Unknown option '--topic'", USAGE],
  ],
  [
    ['t', '0', '--topic=secret'],
    ["Unknown option '--topic'", USAGE],
  ],
  [
    ['t', '0', '-f', '1'],
    ["Unknown option '-f'", USAGE],
  ],
  [
    ['t', '0', '1'],
    ['unexpected argument: 1', USAGE],
  ],
  [['t'], ['<partition>: required', USAGE]],
  [
    ['t', ''],
    ['argument 2: empty', USAGE],
  ],
  [
    ['t', '0', '--from', ''],
    ['--from: empty', USAGE],
  ],
  [
    ['t', '0', '--from', '1', '--from=2'],
    ['--from: given more than once', USAGE],
  ],
  [
    ['t', '0', '--json=yes'],
    ["Option '--json' does not take an argument", USAGE],
  ],
  [
    ['t', '0', '--from', '--json'],
    ["Option '--from' argument is ambiguous", USAGE],
  ],
  [
    ['t', '0', '--from'],
    ["Option '--from <value>' argument missing", USAGE],
  ],
])('%j is refused with the problem and the accepted arguments', (args, expected) => {
  expect(problems(() => readArguments(accept, args))).toEqual(expected);
});

test('a command without arguments is described as such', () => {
  const migrate = { command: 'migrate', options: {}, usage: '' };
  expect(problems(() => readArguments(migrate, ['now']))).toEqual([
    'unexpected argument: now',
    'migrate takes no arguments',
  ]);
});
