import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Coverage } from './coverage.ts';
import type { MutantResult } from './try-mutant.ts';

interface Line extends MutantResult {
  /** The digest of the sources and tests that it was tried with. */
  readonly digest: string;
}

/** Results of mutants, stored in a folder, so that an interrupted run continues where it was. */
export interface Results {
  /** With the present sources and tests. */
  readonly known: (key: string) => MutantResult | undefined;
  /** The test that killed it last, of these or earlier sources. */
  readonly hint: (key: string) => string | undefined;
  readonly add: (result: MutantResult) => Promise<void>;
}

export async function openResults(folder: string, digest: string): Promise<Results> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'results.jsonl');
  const known = new Map<string, MutantResult>();
  const hints = new Map<string, string>();
  const remember = (line: Line): void => {
    if (line.by !== undefined) hints.set(line.key, line.by);
    if (line.digest === digest && line.outcome !== 'broken') known.set(line.key, line);
  };
  for (const line of await linesOf(file)) remember(JSON.parse(line) as Line);
  return {
    known: (key) => known.get(key),
    hint: (key) => hints.get(key),
    add: async (result) => {
      const line = { ...result, digest };
      remember(line);
      await appendFile(file, `${JSON.stringify(line)}\n`);
    },
  };
}

async function linesOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // The last line of a run that was killed may be half a line.
  return text.split('\n').slice(0, -1);
}

/** The coverage of these sources and tests, from an earlier run or measured now. */
export async function coverageOf(
  folder: string,
  digest: string,
  measure: () => Promise<Coverage>,
): Promise<Coverage> {
  const file = join(folder, `coverage-${digest}.json`);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as Coverage;
  const coverage = await measure();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(coverage));
  return coverage;
}
