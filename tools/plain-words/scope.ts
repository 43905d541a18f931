/** Files in which the words are looked for. */
export const PLAIN_SOURCES: readonly string[] = ['**/*.ts'];

/** Pages in which they are looked for, but for the history: docs/adr and CHANGELOG.md. */
export const PLAIN_PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/architecture.md',
  'docs/configuration.md',
  'docs/glossary.md',
  'docs/operations.md',
  'docs/performance.md',
  'docs/performance/peer.md',
  'docs/performance/tried.md',
  'docs/policy.md',
  'docs/reliability.md',
  'test/README.md',
  ...['intake', 'kafka', 'postgres', 'publication', 'repair'].map(
    (name) => `packages/${name}/README.md`,
  ),
];
