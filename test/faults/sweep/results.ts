import { createHash } from 'node:crypto';
import { appendFile, glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CaseResult } from './campaign.ts';

/** What was tried with these sources, kept in a file, so that a run that was ended goes on where it was. */
export interface Results {
  readonly all: () => readonly CaseResult[];
  readonly passed: (name: string) => boolean;
  add(result: CaseResult): Promise<void>;
}

/** Results of other sources are given up. */
export async function openResults(file: string, root: string): Promise<Results> {
  const sources = await digestOfSources(root);
  const [head = '', ...lines] = await readLines(file);
  const known = new Map<string, CaseResult>();
  if (head === JSON.stringify({ sources })) {
    for (const line of lines) {
      const result = JSON.parse(line) as CaseResult;
      known.set(result.name, result);
    }
  } else {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify({ sources })}\n`);
  }
  return {
    all: () => [...known.values()],
    passed: (name) => known.get(name)?.passed ?? false,
    add: async (result) => {
      known.set(result.name, result);
      await appendFile(file, `${JSON.stringify(result)}\n`);
    },
  };
}

async function readLines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // The last line of a run that was killed may be half a line.
  return text.split('\n').slice(0, -1);
}

/** Of everything that a result depends on but the harness itself. */
async function digestOfSources(root: string): Promise<string> {
  const hash = createHash('sha256');
  const files: string[] = [];
  for await (const file of glob('{packages,services,migrations}/**/*.{ts,mjs,sql,yaml}', {
    cwd: root,
    exclude: (path) => path === 'node_modules',
  })) {
    files.push(file);
  }
  for (const file of files.sort()) {
    hash.update(`${file}\n`);

    hash.update(await readFile(`${root}/${file}`));
  }
  return hash.digest('hex');
}
