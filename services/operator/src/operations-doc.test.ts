import { readFile } from 'node:fs/promises';
import { FAILURES } from '@latchkey/contracts';
import { expect, test } from 'vitest';

const FILE = new URL('../../../docs/operations.md', import.meta.url);

test.each(Object.entries(FAILURES))(
  'the operations page says what %s is and what to do',
  async (code, entry) => {
    const page = await readFile(FILE, 'utf8');
    expect(page).toContain(`| \`${code}\` | ${entry.meaning} | ${entry.nextStep} |`);
  },
);
