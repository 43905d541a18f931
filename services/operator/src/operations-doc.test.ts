import { readFile } from 'node:fs/promises';
import { FAILURES } from '@latchkey/contracts';
import { expect, test } from 'vitest';

const FILE = new URL('../../../docs/operations.md', import.meta.url);

test.each(Object.entries(FAILURES))(
  'the operations page says what %s is and what to do',
  async (code, entry) => {
    // However wide the formatter makes the columns.
    const page = (await readFile(FILE, 'utf8')).replaceAll(/ +/g, ' ');
    expect(page).toContain(`| \`${code}\` | ${entry.meaning} | ${entry.nextStep} |`);
  },
);
