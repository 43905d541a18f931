import { readFile } from 'node:fs/promises';
import { FAILURES } from '@latchkey/contracts';
import { expect, test } from 'vitest';
import { VERBS } from './verbs.ts';

const FILE = new URL('../../../docs/operations.md', import.meta.url);

test.each(Object.entries(FAILURES))(
  'the operations page states what %s means, the next step and the retry class',
  async (code, entry) => {
    // The formatter pads the columns.
    const page = (await readFile(FILE, 'utf8')).replaceAll(/ +/g, ' ');
    const { meaning, nextStep, retryClass } = entry;
    expect(page).toContain(`| \`${code}\` | ${meaning} | ${nextStep} | \`${retryClass}\` |`);
  },
);

const PAGE = await readFile(FILE, 'utf8');

/** The commands in a text, without trailing comments. */
function commandsIn(text: string): readonly string[] {
  const found = text.matchAll(/npm run latchkey -- ([^`#\n…]+)/g);
  return [...found].map(([, command = '']) => command.trim()).filter((one) => one !== '--help');
}

test.each([...new Set(commandsIn(PAGE))])('the command line accepts %s', (command) => {
  const verb = VERBS.find((one) => `${command} `.startsWith(`${one.command} `));
  const rest = command.slice(verb?.command.length).split(' ').filter(Boolean);
  expect(() => verb?.prepare(rest)).not.toThrow();
  expect(verb).toBeDefined();
});

test('each step that accepts a finding gives its id: without it nothing is changed', () => {
  const [, steps = ''] = /^## Disasters$(.*?)^## /ms.exec(PAGE) ?? [];
  const accepting = commandsIn(steps).filter((command) => command.startsWith('progress accept'));
  expect(accepting).not.toEqual([]);
  for (const command of accepting) expect(command).toContain('--finding <id>');
});
