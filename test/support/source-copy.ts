import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT_MAX_BYTES = 8 * 1024 * 1024;
const OWN_SCOPE = '@latchkey';

/** The sources as they are here, in a folder of their own that can be run from. Disposing deletes it. */
export interface SourceCopy extends AsyncDisposable {
  readonly folder: string;
}

/** @param patch - the path of what is applied to the copy; none: as they are */
export async function copySources(patch?: string): Promise<SourceCopy> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-copy-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  for (const file of await listSources()) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(ROOT, file), join(folder, file), { verbatimSymlinks: true });
  }
  await linkModules(join(folder, 'node_modules'));
  if (patch !== undefined) await git(folder, 'apply', patch);
  const owned = stack.move();
  return { folder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Rejects with what does not fit where a patch no longer applies to the sources. */
export async function checkPatch(patch: string): Promise<void> {
  await git(ROOT, 'apply', '--check', patch);
}

/** Everything that is not ignored and still there. */
async function listSources(): Promise<readonly string[]> {
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const [listed, deleted] = await Promise.all([
    git(ROOT, ...listing),
    git(ROOT, 'ls-files', '--deleted', '-z'),
  ]);
  const gone = new Set(deleted.split('\0'));
  return listed.split('\0').filter((file) => file !== '' && !gone.has(file));
}

/** Other people's packages are linked to where they are; ours to where the copy has them. */
async function linkModules(target: string): Promise<void> {
  const modules = join(ROOT, 'node_modules');
  await mkdir(join(target, OWN_SCOPE), { recursive: true });
  for (const name of await readdir(modules)) {
    if (name !== OWN_SCOPE) await symlink(join(modules, name), join(target, name));
  }
  for (const name of await readdir(join(modules, OWN_SCOPE))) {
    const link = await readlink(join(modules, OWN_SCOPE, name));
    await symlink(link, join(target, OWN_SCOPE, name));
  }
}

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  // A copy is no repository, and must not be taken for a part of one around it.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) };
  const { stdout } = await run('git', [...args], {
    cwd: folder,
    env,
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  return stdout;
}
