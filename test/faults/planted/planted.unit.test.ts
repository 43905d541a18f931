import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkPatch } from '../../support/source-copy.ts';
import { DEFECTS, patchPathOf } from './defects.ts';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));

test('nineteen defects are planted, each from a patch of its own, and no patch is left over', async () => {
  const patches = (await readdir(FOLDER)).filter((file) => file.endsWith('.patch')).sort();

  expect(DEFECTS).toHaveLength(19);
  expect(DEFECTS.map(({ patch }) => patch)).toEqual(patches);
});

test.each(DEFECTS)('$patch says what it breaks and applies to the sources', async (defect) => {
  expect(await readFile(patchPathOf(defect), 'utf8')).toMatch(/^# [A-Z].*\.\n/);
  await checkPatch(patchPathOf(defect));
});
