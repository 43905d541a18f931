import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { checkPatch } from '../../support/source-copy.ts';
import { ABLATIONS, ablationPatchOf } from '../arms/without.ts';

test.each(ABLATIONS)(
  'the patch that removes %s describes itself and applies to the sources',
  async (left) => {
    const patch = ablationPatchOf(left);

    expect(await readFile(patch, 'utf8')).toMatch(/^# [A-Z].*\.\n/);
    await checkPatch(patch);
  },
);
