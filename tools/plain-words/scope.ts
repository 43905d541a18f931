/**
 * Files in which the words are looked for. Once the sources are clean, `['**\/*.ts']` and every page below
 * docs but the history (docs/adr, CHANGELOG.md) take the place of these lists.
 */
export const PLAIN_SOURCES: readonly string[] = [
  'tools/plain-words/**/*.ts',
  'test/bench/pairs/**/*.ts',
  'test/support/public-surface/**/*.ts',
];

export const PLAIN_PAGES: readonly string[] = ['docs/glossary.md', 'test/README.md'];
