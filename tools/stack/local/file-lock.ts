import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hasCode } from './error-code.ts';
import { isAlive } from './signals.ts';

const POLL_MS = 200;

/**
 * Does the work while holding the lock file. The file carries the process id of its holder, so that the lock of a
 * process that was killed is taken over.
 *
 * @param waiting - called once if somebody else holds it
 */
export async function withLock<T>(
  path: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  while (!(await tryLock(path))) {
    if (await isLeftBehind(path)) {
      await takeAway(path);
      continue;
    }
    if (!told) waiting();
    told = true;
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
  // Empty for the instant between its creation and its writing.
  return pid > 0 && !isAlive(pid);
}

/** By renaming, which only one of several can do. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${String(process.pid)}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
