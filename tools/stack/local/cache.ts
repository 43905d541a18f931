import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './file-lock.ts';

/**
 * The folder outside the repository for files that are fetched once: LATCHKEY_CACHE, or `latchkey` in the user's
 * cache folder, or one in the temporary folder for users without a home.
 */
export function cacheFolder(): string {
  const given = process.env['LATCHKEY_CACHE'] ?? '';
  if (given !== '') return given;
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  const home = join(base === '' ? join(homedir(), '.cache') : base, 'latchkey');
  if (isWritable(home)) return home;
  return join(tmpdir(), `latchkey-cache-${ownUid()}`);
}

/**
 * A folder in the temporary folder that every user can read and only the current one can write.
 *
 * @throws Error if another user owns that folder
 */
export async function sharedFolder(): Promise<string> {
  const folder = join(tmpdir(), `latchkey-shared-${ownUid()}`);
  await mkdir(folder, { recursive: true });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== ownUid()) throw new Error(`${folder} is not ours`);
  await chmod(folder, 0o755);
  return folder;
}

/**
 * Returns the folder `name` of a cache, filled by `fill` if it does not exist. It appears complete or not at all; if
 * two processes need it at once, one fills it and the other waits.
 *
 * @param waiting - called once if another process fills it
 */
export async function cached(
  entry: { readonly cache: string; readonly name: string; readonly waiting: () => void },
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(entry.cache, entry.name);
  if (existsSync(folder)) return folder;
  await mkdir(entry.cache, { recursive: true });
  await withLock(`${folder}.lock`, entry.waiting, async () => {
    if (!existsSync(folder)) await fillWhole(folder, fill);
  });
  return folder;
}

async function fillWhole(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${folder}.draft`;
  try {
    // A process that was killed left it.
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    await fill(draft);
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** True if the folder exists or could be created, and is writable. */
export function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function ownUid(): number {
  return process.getuid?.() ?? 0;
}
