import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DISASTERS } from './disasters/all.ts';
import { playDisaster } from './disasters/run-disasters.ts';

/** Those that are over soon, and that no other test tells; `npm run faults -- --only disasters` plays all of them. */
const CHEAP = ['groups-deleted', 'read-only'];

test.each(CHEAP)(
  '%s: nothing is lost or doubled, and what operators are told to do mends it',
  async (name) => {
    const disaster = DISASTERS[name];
    if (disaster === undefined) throw new Error(`no disaster is called ${name}`);

    const { findings } = await playDisaster(disaster, () => undefined);

    expect(findings).toEqual([]);
  },
);

test('operators find what to do in each disaster', async () => {
  const docs = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');

  const sections = Object.values(DISASTERS).map(({ section }) => `### ${section}`);

  expect(sections.filter((section) => !docs.includes(`\n${section}\n`))).toEqual([]);
});
