import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Area, type Mutant, mutantsOf } from './mutant.ts';
import { sqlChangesOf } from './sql/sql-mutants.ts';
import { instrument, isAsked } from './typescript-mutants.ts';

const FOLDERS: Readonly<Record<Area, readonly string[]>> = {
  domain: ['packages/domain/src'],
  contracts: ['packages/contracts/src'],
  intake: ['packages/intake/src'],
  sql: ['packages/postgres/src'],
  relay: ['services/relay/src', 'packages/publication/src'],
};

/** The files that a result depends on. The operators are part of the keys of their mutants. */
const DEPENDED_ON = [
  '{packages,services,migrations,test}/**/*.{ts,mjs,sql,yaml,json,patch}',
  'tools/{*,stack/**/*,start/*,generators/*}.{ts,mjs}',
  '{package-lock.json,docker-compose.yml}',
];

export interface SourceFile {
  readonly area: Area;
  readonly file: string;
  readonly text: string;
}

/** Returns the sources to mutate: without tests and generated files. */
export async function readSources(root: string): Promise<readonly SourceFile[]> {
  const found: SourceFile[] = [];
  for (const [area, folders] of Object.entries(FOLDERS) as [Area, readonly string[]][]) {
    const patterns = folders.map((folder) => `${folder}/**/*.ts`);
    for await (const file of glob(patterns, { cwd: root })) {
      if (/\.test(-support)?\.ts$|\/(index|schema)\.ts$/.test(file)) continue;
      found.push({ area, file, text: await readFile(join(root, file), 'utf8') });
    }
  }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Every mutant of these sources for which tests run. */
export async function listMutants(sources: readonly SourceFile[]): Promise<readonly Mutant[]> {
  const mutants: Mutant[] = [];
  for (const { area, file, text } of sources) {
    const changes =
      area === 'sql'
        ? sqlChangesOf(file, text)
        : (await instrument(file, text)).changes.filter((change) => isAsked(change, text));
    mutants.push(...mutantsOf(area, file, text, changes));
  }
  return mutants;
}

/** The digest of sources and tests for which results are valid. */
export async function digestOf(root: string): Promise<string> {
  const files: string[] = [];
  const exclude = (path: string): boolean => path.includes('node_modules');
  for await (const file of glob(DEPENDED_ON, { cwd: root, exclude })) files.push(file);
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    hash.update(`${file}\n`);
    hash.update(await readFile(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
