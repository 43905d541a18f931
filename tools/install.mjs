/**
 * Makes node_modules agree with package-lock.json. Plain JavaScript for Node 20 without any package, because it
 * installs them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as waitMs } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const marker = join(modules, '.latchkey-installed');
const lock = join(root, '.install.lock');
const LOCK_POLL_MS = 300;

/** The pinned Node of this project. */
export const pinnedNode = join(modules, '.bin', 'node');

/**
 * Resolves when the packages of package-lock.json are installed; prints only if it installs something.
 *
 * @returns {Promise<number>} 0, or the exit code of npm if it failed
 */
export async function ensureInstalled() {
  if (isInstalled()) return 0;
  await acquireLock();
  try {
    if (isInstalled()) return 0;
    const code = await install();
    if (code !== 0) return code;
    return repairNode() ? (mark(), 0) : 1;
  } finally {
    rmSync(lock, { force: true });
  }
}

function isInstalled() {
  if (!existsSync(pinnedNode)) return false;
  if (read(marker) === lockDigest()) return true;
  // npm may have run without this script: compare what it recorded last.
  if (!agrees()) return false;
  mark();
  return true;
}

/** True if npm's record of what is in node_modules agrees with package-lock.json. */
function agrees() {
  const recorded = read(join(modules, '.package-lock.json'));
  if (recorded === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(recorded).packages;
  return Object.entries(wanted)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, { version, optional, devOptional }]) =>
      found[path] === undefined
        ? optional === true || devOptional === true
        : found[path].version === version,
    );
}

async function install() {
  const startedAt = Date.now();
  log('installing the packages of package-lock.json (npm ci); the first time takes a minute');
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // npm prints to stderr: stdout belongs to the script that runs afterwards.
  const child = spawn(command, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // Hides warnings that packages do not support Node 20: they run with the pinned Node. The user may set another level.
    env: { npm_config_loglevel: 'error', ...process.env },
  });
  if (child.pid !== undefined) writeFileSync(lock, `${process.pid} ${child.pid}`);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      log(`npm could not be started: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  log(
    code === 0
      ? `installed in ${Math.round((Date.now() - startedAt) / 1000)} s`
      : `npm ci failed (exit code ${code})`,
  );
  return code;
}

/** The package `node` fetches its binary in an install script, which npm may be configured not to run. */
function repairNode() {
  if (runs()) return true;
  const folder = join(modules, 'node');
  const script = join(folder, 'installArchSpecificPackage.js');
  if (existsSync(script)) {
    log('fetching the pinned Node, whose install script was not run');
    spawnSync(process.execPath, [script], { cwd: folder, stdio: ['ignore', 2, 2] });
  }
  if (runs()) return true;
  log(
    `${pinnedNode} does not run. Allow the install script of the package "node", then: npm rebuild node`,
  );
  return false;
}

function runs() {
  return spawnSync(pinnedNode, ['--version'], { stdio: 'ignore' }).status === 0;
}

function mark() {
  try {
    mkdirSync(modules, { recursive: true });
    writeFileSync(marker, lockDigest());
  } catch {
    // The clone is read-only for this user: the next run compares again.
  }
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

async function acquireLock() {
  let hasReported = false;
  while (!tryLock()) {
    const owners = (read(lock) ?? '').split(' ').map(Number);
    if (owners[0] > 0 && !owners.some(isAlive)) {
      removeStaleLock();
      continue;
    }
    if (!hasReported) log(`another install is running (process ${owners[0]}); waiting for it`);
    hasReported = true;
    await waitMs(LOCK_POLL_MS);
  }
}

function tryLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock of a killed process. Renames it first: only one of several processes succeeds. */
function removeStaleLock() {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  rmSync(aside, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} line */
export function log(line) {
  process.stderr.write(`latchkey: ${line}\n`);
}
