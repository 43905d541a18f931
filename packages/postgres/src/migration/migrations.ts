import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../../migrations/', import.meta.url));
const SUFFIX = '.sql';
/** The first line of a migration whose statements cannot run in a transaction, or must not keep locks for so long. */
const OUTSIDE = /^-- outside a transaction\b/;

/** One step of the schema. */
export interface Migration {
  readonly name: string;
  readonly text: string;
  /**
   * Its statements, where each commits by itself; undefined where all of it is one transaction. Ended between two of
   * them, all of them run again: they must be repeatable.
   */
  readonly statements: readonly string[] | undefined;
}

/** The names of the migrations that this version of the code was written for, oldest first. */
export async function listMigrations(): Promise<readonly string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

export async function readMigration(name: string): Promise<Migration> {
  return parseMigration(name, await readFile(`${FOLDER}${name}${SUFFIX}`, 'utf8'));
}

/** Statements outside a transaction end with a semicolon at the end of a line. */
export function parseMigration(name: string, text: string): Migration {
  if (!OUTSIDE.test(text)) return { name, text, statements: undefined };
  const code = text.replaceAll(/^--.*$/gm, '');
  const statements = code.split(/;[ \t]*$/m).map((statement) => statement.trim());
  return { name, text, statements: statements.filter((statement) => statement !== '') };
}
