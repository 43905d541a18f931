import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { performancePage } from './performance.ts';
import { plotsOf } from './plots.ts';
import { mergedParts, type Results, textOf } from './results.ts';

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const RESULTS = `${DOCS}performance/results.json`;

/** The committed results; undefined if there are none. */
export async function readResults(): Promise<Results | undefined> {
  const text = await readFile(RESULTS, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

/** Merges new results into the stored ones. Parts that were not run are unchanged. */
export async function saveResults(results: Results): Promise<void> {
  const before = await readResults();
  await mkdir(`${DOCS}performance`, { recursive: true });
  const parts = mergedParts(before?.parts, results.parts);
  await writeFile(RESULTS, textOf({ ...results, parts }));
}

/** All files generated from the results, by path below docs/. */
export async function reportFiles(results: Results): Promise<ReadonlyMap<string, string>> {
  const tried = await readFile(`${DOCS}performance/tried.md`, 'utf8');
  const plots = [...plotsOf(results)].map(([name, svg]) => [`performance/${name}`, svg] as const);
  return new Map([['performance.md', performancePage(results, tried)], ...plots]);
}

/** Regenerates docs/performance.md and its plots from the stored results. */
export async function writeReport(): Promise<void> {
  const results = await readResults();
  if (results === undefined) throw new Error(`there are no results in ${RESULTS}`);
  for (const [path, text] of await reportFiles(results)) await writeFile(`${DOCS}${path}`, text);
}

/** A committed file; undefined if it does not exist. */
export function readCommitted(path: string): Promise<string | undefined> {
  return readFile(`${DOCS}${path}`, 'utf8').catch(() => undefined);
}
