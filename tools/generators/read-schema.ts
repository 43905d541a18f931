import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const SCHEMA_FILE = fileURLToPath(
  new URL('../../packages/postgres/src/schema.ts', import.meta.url),
);
const TOOL = fileURLToPath(
  new URL('../../node_modules/kysely-codegen/dist/cli/bin.js', import.meta.url),
);

/** The types of a migrated database, as packages/postgres has them. */
export async function readSchema(databaseUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-schema-'));
  try {
    const file = join(folder, 'schema.ts');
    const mapping = JSON.stringify({ timestamptz: 'number', int8: 'bigint' });
    const args = ['--dialect', 'postgres', '--url', databaseUrl, '--out-file', file];
    const what = ['--exclude-pattern', '{inbox_[0-9]*,audit_entry_*}', '--type-mapping', mapping];
    await promisify(execFile)(process.execPath, [TOOL, ...args, ...what], { cwd: folder });
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
