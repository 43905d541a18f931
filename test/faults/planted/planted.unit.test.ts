import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkPatch } from '../../support/source-copy.ts';
import { DEFECTS, patchPathOf } from './defects.ts';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));

test('there are twenty-six planted defects, one per patch file', async () => {
  const patches = (await readdir(FOLDER)).filter((file) => file.endsWith('.patch')).sort();

  expect(DEFECTS).toHaveLength(26);
  expect(DEFECTS.map(({ patch }) => patch)).toEqual(patches);
});

test.each(DEFECTS)('$patch describes its defect and applies to the sources', async (defect) => {
  expect(await readFile(patchPathOf(defect), 'utf8')).toMatch(/^# [A-Z].*\.\n/);
  await checkPatch(patchPathOf(defect));
});
