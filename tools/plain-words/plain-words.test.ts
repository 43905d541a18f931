import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PLAIN_PAGES } from './scope.ts';
import { findInName, findInProse } from './words.ts';

test.each(PLAIN_PAGES)('%s has no banned word', async (page) => {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8');
  expect(findInProse(text)).toEqual([]);
});

test.each([
  ['Whoever comes first', 'whoever'],
  ['the relay mends it', 'mends'],
  ['says what became of it', 'what became of'],
])('%s is found in prose', (text, found) => {
  expect(findInProse(text).map((one) => one.found.toLowerCase())).toEqual([found]);
});

test.each(['an amendment is recommended', 'run `mend-lanes` again', 'it was taken at once'])(
  '%s is no finding in prose',
  (text) => {
    expect(findInProse(text)).toEqual([]);
  },
);

test.each([
  ['takeReport', 'take'],
  ['Taken', 'taken'],
  ['holdTopics', 'hold'],
  ['isHeld', 'held'],
  ['mendAfter', 'mend'],
])('%s is found as a name', (name, found) => {
  expect(findInName(name).map((one) => one.found)).toEqual([found]);
});

test.each(['held', 'takenAtMs', 'threshold', 'recommended', 'stakes', 'isTaken'])(
  '%s is no finding as a name',
  (name) => {
    expect(findInName(name)).toEqual([]);
  },
);
