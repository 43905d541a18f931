import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Another version of Latchkey. Disposing removes it. */
export interface Version extends AsyncDisposable {
  /** Its folder; ends with a slash. */
  readonly root: string;
}

/** Copies the sources and adds one migration, as the next version would. */
export async function createNextVersion(name: string, migration: string): Promise<Version> {
  const root = `${await mkdtemp(join(tmpdir(), 'latchkey-next-'))}/`;
  const isOwn = (path: string): boolean => !path.endsWith('node_modules');
  for (const folder of ['packages', 'services', 'migrations']) {
    await cp(`${ROOT}${folder}`, `${root}${folder}`, { recursive: true, filter: isOwn });
  }
  await cp(`${ROOT}package.json`, `${root}package.json`);
  await linkModules(root);
  await writeFile(`${root}migrations/${name}.sql`, migration);
  return {
    root,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Links third-party packages; workspace packages resolve to the copy. */
async function linkModules(root: string): Promise<void> {
  const [from, to] = [`${ROOT}node_modules/`, `${root}node_modules/`];
  await mkdir(to);
  const names = await readdir(from);
  await Promise.all(
    names
      .filter((name) => name !== '@latchkey')
      .map((name) => symlink(`${from}${name}`, `${to}${name}`)),
  );
  // These links are relative.
  await cp(`${from}@latchkey`, `${to}@latchkey`, { recursive: true, verbatimSymlinks: true });
}
