import { fileURLToPath } from 'node:url';
import { Failure } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { CommandLine, countOf, namesOf } from '../../tools/command-line.ts';
import { runScript } from '../support/run-latchkey.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

// Without PATH, servers or settings: any work after the parsing of arguments would fail.
test.each([
  ['tools/start/main.ts', '--brokers', "Unknown option '--brokers'"],
  ['tools/generators/generate-configuration.ts', '--chek', "Unknown option '--chek'"],
])(
  '%s refuses %s with exit code 2, before it does anything',
  { timeout: 120_000 },
  async (script, argument, message) => {
    const { code, stdout, stderr } = await runScript(`${ROOT}${script}`, {}, argument);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/usage: npm |takes no arguments/);
  },
);

const faults = new CommandLine({
  command: 'npm run faults --',
  options: { only: { type: 'string' }, seeds: { type: 'string' } },
  usage: '[--only PARTS] [--seeds N]',
});

function read(...args: readonly string[]): unknown {
  try {
    return faults.read(args, ({ only = 'hostile', seeds = '15' }) => ({
      only: namesOf('only', only, ['hostile', 'sweep']),
      seeds: countOf('seeds', seeds),
    }));
  } catch (error) {
    return error instanceof Failure ? error.details['problems'] : error;
  }
}

test('the command parses values, and refuses invalid ones with its usage', () => {
  const usage = 'usage: npm run faults -- [--only PARTS] [--seeds N]';
  expect(read('--only', 'sweep,hostile', '--seeds', '3')).toEqual({
    only: ['sweep', 'hostile'],
    seeds: 3,
  });
  expect(read('--only', 'hostile,swep')).toEqual(['--only: swep is none of hostile, sweep', usage]);
  expect(read('--seeds', 'x')).toEqual(['--seeds: expected a whole number from 1 on', usage]);
  expect(read('--seeds', '0')).toEqual(['--seeds: expected a whole number from 1 on', usage]);
  expect(read('sweep')).toEqual(['unexpected argument: sweep', usage]);
});
