import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { performancePage } from './performance.ts';
import { plotsOf } from './plots.ts';
import { mergedParts, type Results, textOf } from './results.ts';

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const RESULTS = `${DOCS}performance/results.json`;

/** What was committed last; undefined where nothing was. */
export async function readResults(): Promise<Results | undefined> {
  const text = await readFile(RESULTS, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

/** What was measured now in the place of what was measured before; parts that were not run stay as they were. */
export async function saveResults(results: Results): Promise<void> {
  const before = await readResults();
  await mkdir(`${DOCS}performance`, { recursive: true });
  const parts = mergedParts(before?.parts, results.parts);
  await writeFile(RESULTS, textOf({ ...results, parts }));
}

/** Every file that is made of the results, by its path below docs/. */
export async function reportFiles(results: Results): Promise<ReadonlyMap<string, string>> {
  const tried = await readFile(`${DOCS}performance/tried.md`, 'utf8');
  const plots = [...plotsOf(results)].map(([name, svg]) => [`performance/${name}`, svg] as const);
  return new Map([['performance.md', performancePage(results, tried)], ...plots]);
}

/** Makes docs/performance.md and its plots anew from the results that are there. */
export async function writeReport(): Promise<void> {
  const results = await readResults();
  if (results === undefined) throw new Error(`there are no results in ${RESULTS}`);
  for (const [path, text] of await reportFiles(results)) await writeFile(`${DOCS}${path}`, text);
}

/** As it is committed; undefined where it is not there. */
export function readCommitted(path: string): Promise<string | undefined> {
  return readFile(`${DOCS}${path}`, 'utf8').catch(() => undefined);
}
