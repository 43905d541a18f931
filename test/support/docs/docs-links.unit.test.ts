import { expect, test } from 'vitest';
import { findBrokenLinks, findMissingPaths } from './find-broken.ts';
import { listAnchors, listLinks, listPaths, PAGES, type Page } from './pages.ts';

const pageOf = (text: string): Page => ({ path: 'docs/architecture.md', text });

test('the pages for readers of the repository are found', () => {
  const paths = PAGES.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'CONTRIBUTING.md',
      'README.md',
      'docs/architecture.md',
      'docs/contracts/README.md',
      'packages/intake/README.md',
      'test/README.md',
    ]),
  );
  expect(paths).not.toContain('docs/adr/README.md');
});

test.each(PAGES)('every link of $path leads to a file and a heading', (page) => {
  expect(findBrokenLinks(page)).toEqual([]);
});

test.each(PAGES)('every path in code ticks of $path is a file', (page) => {
  expect(findMissingPaths(page)).toEqual([]);
});

test('a link to a missing file, a missing heading or out of the repository is found', () => {
  const links = ['no.md', 'policy.md#no-such', '#nowhere', '../../x.md', 'policy.md', '#known'];
  const text = ['## Known', ...links.map((link) => `[x](${link})`)].join('\n');

  const broken = findBrokenLinks(pageOf(text)).map(({ names }) => names);

  expect(broken).toEqual(['no.md', 'policy.md#no-such', '#nowhere', '../../x.md']);
});

test('addresses on the web are not followed', () => {
  expect(findBrokenLinks(pageOf('[x](https://example.com/no.md)'))).toEqual([]);
});

test('a missing path in code ticks is found; wildcards and commands are allowed', () => {
  const text = '`test/no/such.ts` `test/support/{docs,no}/*.unit.test.ts` `npm test -- a/b.ts`';

  expect(findMissingPaths(pageOf(text)).map(({ names }) => names)).toEqual(['test/no/such.ts']);
});

test('anchors are those of GitHub', () => {
  const text = '# A\n## 1. One, `two` & three\n## [Link](x.md)\n## A\n#no heading';

  expect([...listAnchors(pageOf(text))]).toEqual(['a', '1-one-two--three', 'link', 'a-1']);
});

test('links and paths are found in a table', () => {
  const text = '| [a](a.md) [`b`](b.md#c) | `d/e.ts`, `f.ts` |';

  expect(listLinks(text)).toEqual(['a.md', 'b.md#c']);
  expect(listPaths(text)).toEqual(['d/e.ts']);
});
