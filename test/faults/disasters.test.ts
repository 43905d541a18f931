import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DISASTERS } from './disasters/all.ts';
import { runDisaster } from './disasters/run-disasters.ts';

/** Fast ones that no other test covers; `npm run faults -- --only disasters` runs all of them. */
const CHEAP = ['groups-deleted', 'read-only'];

test.each(CHEAP)(
  '%s: nothing is lost or duplicated, and the documented steps repair it',
  async (name) => {
    const disaster = DISASTERS[name];
    if (disaster === undefined) throw new Error(`no disaster is called ${name}`);

    const { findings } = await runDisaster(disaster, () => undefined);

    expect(findings).toEqual([]);
  },
);

test('docs/operations.md has a section for each disaster', async () => {
  const docs = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');

  const sections = Object.values(DISASTERS).map(({ section }) => `### ${section}`);

  expect(sections.filter((section) => !docs.includes(`\n${section}\n`))).toEqual([]);
});
