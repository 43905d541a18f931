import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT_MAX_BYTES = 8 * 1024 * 1024;
const OWN_SCOPE = '@latchkey';

/** A runnable copy of sources in a temporary folder. Disposing deletes it. */
export interface SourceCopy extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Copies the sources as they are here.
 *
 * @param patch - the path of a patch that is applied to the copy
 */
export function copySources(patch?: string): Promise<SourceCopy> {
  return openCopy(async (folder) => {
    for (const file of await listSources()) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(ROOT, file), join(folder, file), { verbatimSymlinks: true });
    }
    if (patch !== undefined) await git(folder, 'apply', patch);
  });
}

/**
 * The sources of another revision of this repository. They run with the packages that are installed here.
 *
 * @param revision - a commit, branch or tag
 */
export function copyRevision(revision: string): Promise<SourceCopy> {
  return openCopy(async (folder) => {
    const archive = join(folder, 'sources.tar');
    const commit = await git(ROOT, 'rev-parse', '--verify', `${revision}^{commit}`);
    await git(ROOT, 'archive', '--format=tar', `--output=${archive}`, commit.trim());
    await run('tar', ['-xf', archive, '-C', folder]);
    await rm(archive);
  });
}

async function openCopy(fill: (folder: string) => Promise<void>): Promise<SourceCopy> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-copy-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await fill(folder);
  await linkModules(folder);
  const owned = stack.move();
  return { folder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Rejects with the conflict if a patch no longer applies to the sources. */
export async function checkPatch(patch: string): Promise<void> {
  await git(ROOT, 'apply', '--check', patch);
}

/** Every file that exists and is not ignored. */
async function listSources(): Promise<readonly string[]> {
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const [listed, deleted] = await Promise.all([
    git(ROOT, ...listing),
    git(ROOT, 'ls-files', '--deleted', '-z'),
  ]);
  const gone = new Set(deleted.split('\0'));
  return listed.split('\0').filter((file) => file !== '' && !gone.has(file));
}

/** Installed packages are linked to where they are, workspaces to where the copy has them. */
async function linkModules(folder: string): Promise<void> {
  const modules = join(ROOT, 'node_modules');
  const target = join(folder, 'node_modules');
  await mkdir(join(target, OWN_SCOPE), { recursive: true });
  for (const name of await readdir(modules)) {
    if (name !== OWN_SCOPE) await symlink(join(modules, name), join(target, name));
  }
  for (const group of ['packages', 'services']) {
    for (const directory of await readdir(join(folder, group))) {
      const workspace = join(folder, group, directory);
      const manifest = await readFile(join(workspace, 'package.json'), 'utf8');
      const { name } = JSON.parse(manifest) as { readonly name: string };
      await symlink(workspace, join(target, name));
    }
  }
}

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  // A copy is no repository, and git must not search for one in the folders above it.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) };
  const { stdout } = await run('git', [...args], {
    cwd: folder,
    env,
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  return stdout;
}
