/**
 * node tools/run.mjs <script.ts | tool> [arguments…]
 *
 * Installs the packages of package-lock.json if that has not happened, then runs the script, or the command-line tool
 * of an installed package, with the pinned Node. It forwards signals, returns the exit code, and ends the script when
 * this process, or the npm that started it, has ended.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, log, pinnedNode, root } from './install.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
// The terminal sends a signal to every process, and npm forwards it again: such a pair counts once.
const SAME_SIGNAL_MS = 500;
const PARENT_POLL_MS = 300;
const ORPHAN_GRACE_MS = 15_000;

process.exitCode = await main(process.argv.slice(2));

async function main([wanted, ...args]) {
  if (wanted === undefined) {
    log('usage: node tools/run.mjs <script.ts | tool> [arguments…]');
    return 2;
  }
  const installed = await ensureInstalled();
  if (installed !== 0) return installed;
  const script = locate(wanted);
  if (script === undefined) {
    log(`there is no script and no installed tool "${wanted}"`);
    return 2;
  }
  return run(script, args);
}

/** Returns the path of a file, or of the command with that name in node_modules/.bin. */
function locate(wanted) {
  if (existsSync(wanted) && /[.][cm]?[jt]s$/.test(wanted)) return resolve(wanted);
  const tool = join(root, 'node_modules', '.bin', wanted);
  return existsSync(tool) ? realpathSync(tool) : undefined;
}

function run(script, args) {
  const watch = pathToFileURL(join(root, 'tools', 'end-with-parent.mjs')).href;
  const isNodeScript =
    /[.][cm]?[jt]s$/.test(script) || readFileSync(script, 'utf8').startsWith('#!/usr/bin/env node');
  const [command, first] = isNodeScript ? [pinnedNode, ['--import', watch, script]] : [script, []];
  const child = spawn(command, [...first, ...args], {
    // A new process group: each signal reaches it once, from here.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: {
      ...process.env,
      // Turns off the telemetry of tools.
      DO_NOT_TRACK: '1',
      // Halves the processor time of a start. `npm ci` removes it.
      NODE_COMPILE_CACHE:
        process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'node'),
      PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    },
  });
  child.stdio[3]?.on('error', () => undefined);
  passSignals(child);
  endWithParent(child);
  return new Promise((resolveCode) => {
    child.once('error', (error) => {
      log(`${command} could not be started: ${error.message}`);
      resolveCode(1);
    });
    child.once('exit', (code, signal) => {
      resolveCode(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  }).then((code) => process.exit(code));
}

function passSignals(child) {
  const passedAt = new Map();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - (passedAt.get(signal) ?? -Infinity) < SAME_SIGNAL_MS) return;
      passedAt.set(signal, now);
      child.kill(signal);
    });
  }
}

/** Ends the child when npm was killed: first with SIGTERM, later with SIGKILL. */
function endWithParent(child) {
  const isOrphan = orphanProbe();
  const timer = setInterval(() => {
    if (!isOrphan()) return;
    clearInterval(timer);
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), ORPHAN_GRACE_MS).unref();
  }, PARENT_POLL_MS);
  timer.unref();
}

/** Returns a check that is true once the parent has ended or, if it is the shell of an npm script, the npm above it. */
function orphanProbe() {
  const parent = process.ppid;
  const above = isScriptShell(parent) ? parentOf(parent) : undefined;
  return () => process.ppid !== parent || (above !== undefined && parentOf(parent) !== above);
}

function isScriptShell(pid) {
  if (process.env.npm_lifecycle_event === undefined) return false;
  return /^([^\0]*\/)?(ba|da|a|z|k)?sh\0-c\0/.test(proc(pid, 'cmdline'));
}

/** Linux only; elsewhere undefined. */
function parentOf(pid) {
  const fields = proc(pid, 'stat').split(') ')[1]?.split(' ');
  return fields === undefined ? undefined : Number(fields[1]);
}

function proc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
