import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DEFECTS } from './defects.ts';
import { checkPatch } from './sources.ts';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));

test('fifteen defects are planted, each from a patch of its own, and no patch is left over', async () => {
  const patches = (await readdir(FOLDER)).filter((file) => file.endsWith('.patch')).sort();

  expect(DEFECTS).toHaveLength(15);
  expect(DEFECTS.map(({ patch }) => patch)).toEqual(patches);
});

test.each(DEFECTS)('$patch says what it breaks and applies to the sources', async ({ patch }) => {
  expect(await readFile(`${FOLDER}${patch}`, 'utf8')).toMatch(/^# [A-Z].*\.\n/);
  await checkPatch(patch);
});
