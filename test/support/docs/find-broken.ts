import { existsSync, globSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Broken,
  listAnchors,
  listLinks,
  listPaths,
  type Page,
  ROOT,
  readPage,
  resolveLink,
} from './pages.ts';

/** Links that lead to no file or no heading. */
export function findBrokenLinks(page: Page): readonly Broken[] {
  return listLinks(page.text)
    .filter((link) => !leadsSomewhere(page, link))
    .map((names) => ({ page: page.path, names }));
}

function leadsSomewhere(page: Page, link: string): boolean {
  const path = resolveLink(page.path, link);
  if (path === undefined) return true;
  if (path.startsWith('..') || !existsSync(`${ROOT}${path}`)) return false;
  const [, anchor] = link.split('#');
  if (anchor === undefined) return true;
  const target = path === page.path ? page : readPage(path);
  return listAnchors(target).has(anchor);
}

/** Paths in code ticks that are no file, seen from the repository, the page, or `src` beside the page. */
export function findMissingPaths(page: Page): readonly Broken[] {
  const beside = `${dirname(page.path)}/`;
  const folders = ['', beside, `${beside}src/`];
  return listPaths(page.text)
    .filter((path) => !folders.some((folder) => hasFile(`${folder}${path}`)))
    .map((names) => ({ page: page.path, names }));
}

function hasFile(pattern: string): boolean {
  return globSync(pattern, { cwd: ROOT }).length > 0;
}
