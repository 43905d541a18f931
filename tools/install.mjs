/**
 * Sees to it that node_modules agrees with package-lock.json. Plain JavaScript that Node 20 runs without any package,
 * because it is what fetches them.
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

/** The Node that the project is pinned to. */
export const pinnedNode = join(modules, '.bin', 'node');

/**
 * Resolves when what package-lock.json names is installed; prints only when there is something to do.
 *
 * @returns {Promise<number>} 0, or the exit code of the npm that failed
 */
export async function ensureInstalled() {
  if (isInstalled()) return 0;
  await takeLock();
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
  // Somebody ran npm by hand: what it noted last says whether that was enough.
  if (!agrees()) return false;
  mark();
  return true;
}

/** Compares package-lock.json with npm's own note of what it has put into node_modules. */
function agrees() {
  const noted = read(join(modules, '.package-lock.json'));
  if (noted === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(noted).packages;
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
  say('installing the packages of package-lock.json (npm ci); the first time takes a minute');
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // npm's own lines go to stderr: stdout belongs to what is run afterwards.
  const child = spawn(command, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // Unless the user wants another: Node 20 does not fit many packages, which run with the pinned Node.
    env: { npm_config_loglevel: 'error', ...process.env },
  });
  if (child.pid !== undefined) writeFileSync(lock, `${process.pid} ${child.pid}`);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      say(`npm could not be started: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  say(
    code === 0
      ? `installed in ${Math.round((Date.now() - startedAt) / 1000)} s`
      : `npm ci failed (exit code ${code})`,
  );
  return code;
}

/** The package `node` brings its binary by an install script, which npm may have been told not to run. */
function repairNode() {
  if (runs()) return true;
  const folder = join(modules, 'node');
  const script = join(folder, 'installArchSpecificPackage.js');
  if (existsSync(script)) {
    say('fetching the pinned Node, whose install script was not run');
    spawnSync(process.execPath, [script], { cwd: folder, stdio: ['ignore', 2, 2] });
  }
  if (runs()) return true;
  say(
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
    // A reader of somebody else's clone: the comparison is made again next time.
  }
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

async function takeLock() {
  let told = false;
  while (!tryLock()) {
    const holders = (read(lock) ?? '').split(' ').map(Number);
    if (holders[0] > 0 && !holders.some(isAlive)) {
      takeAway();
      continue;
    }
    if (!told) say(`another install is running (process ${holders[0]}); waiting for it`);
    told = true;
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

/** Removes the lock of a process that was killed: by renaming, which only one of several can do. */
function takeAway() {
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
export function say(line) {
  process.stderr.write(`latchkey: ${line}\n`);
}
