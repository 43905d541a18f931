import { globSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A page for readers of the repository. */
export interface Page {
  /** Relative to the repository. */
  readonly path: string;
  /** Without fenced code. */
  readonly text: string;
}

/** Something that a page names and that does not exist. */
export interface Broken {
  readonly page: string;
  readonly names: string;
}

/** Every page but the decisions, which are not rewritten, and the changelog, which tells of earlier versions. */
export const PAGES: readonly Page[] = globSync(
  ['docs/**/*.md', 'packages/*/README.md', 'test/README.md', 'README.md', 'CONTRIBUTING.md'],
  { cwd: ROOT },
)
  .filter((path) => !path.startsWith('docs/adr/'))
  .toSorted()
  .map(readPage);

export function readPage(path: string): Page {
  return { path, text: withoutFences(readFileSync(`${ROOT}${path}`, 'utf8')) };
}

/** The targets of the links in a text, in their order. */
export function listLinks(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
}

/** The path in the repository to which a relative link of a page leads; undefined for an address on the web. */
export function resolveLink(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = ''] = link.split('#');
  return path === '' ? page : posix.normalize(posix.join(dirname(page), path));
}

/** The anchors that GitHub gives to the headings of a page. */
export function listAnchors({ text }: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+)$/gm)) {
    const anchor = anchorOf(heading);
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

/** Paths of files in code ticks: `path/to/file.ts`, also with the wildcards of a shell. */
export function listPaths(text: string): readonly string[] {
  return [...text.matchAll(/`([\w.@*{},/-]+\/[\w.@*{},-]+\.(?:ts|mjs|md|sql|patch|ya?ml))`/g)].map(
    ([, path = '']) => path,
  );
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '');
}
