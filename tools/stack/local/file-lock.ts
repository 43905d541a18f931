import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hasCode } from './error-code.ts';
import { isAlive } from './signals.ts';

const POLL_MS = 200;

/**
 * Does the work with the file locked. The lock file contains the id of the process that locked it, so that the lock
 * of a killed process can be removed.
 *
 * @param waiting - called once if another process has locked it
 */
export async function withLock<T>(
  path: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  let hasReported = false;
  while (!(await tryLock(path))) {
    if (await isLeftBehind(path)) {
      await removeStale(path);
      continue;
    }
    if (!hasReported) waiting();
    hasReported = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isLeftBehind(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  // The file is empty for a moment after its creation.
  return pid > 0 && !isAlive(pid);
}

/** Renames the lock file first: only one of several processes succeeds. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${String(process.pid)}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
