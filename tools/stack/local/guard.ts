/**
 * The guard of one local stack: a process in a separate session that is the parent of the servers. It starts and
 * signals them on request of its parent. When the parent ends, however it ends, the channel between them closes; the
 * guard then stops the servers, removes their folder and ends.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import process from 'node:process';

export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The user of the server, if the guard runs as root and the server must not. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** stdout and stderr are appended to it. */
  readonly logFile: string;
  /** How to stop it: each signal and how long to wait for it; SIGKILL follows the last. */
  readonly stop: readonly { readonly signal: NodeJS.Signals; readonly graceMs: number }[];
  /** The signal that it gets when the guard was killed and no process can wait for it. */
  readonly onOrphaned: 'SIGQUIT' | 'SIGTERM' | 'SIGKILL';
}

export type GuardRequest =
  | { readonly do: 'start'; readonly server: ServerSpec }
  | { readonly do: 'signal'; readonly name: string; readonly signal: NodeJS.Signals }
  | { readonly do: 'close' };

export type GuardReport =
  | { readonly event: 'started'; readonly name: string; readonly pid: number }
  | { readonly event: 'not started'; readonly name: string; readonly how: string }
  | { readonly event: 'ended'; readonly name: string; readonly how: string };

const KILL = { signal: 'SIGKILL', graceMs: 5_000 } as const;
const folder = process.argv[2] ?? '';
const running = new Map<string, { readonly spec: ServerSpec; readonly child: ChildProcess }>();
const hasSetpriv =
  process.platform === 'linux' &&
  spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true']).status === 0;
let closing = false;

process.on('message', (request: GuardRequest) => {
  if (request.do === 'start') start(request.server);
  else if (request.do === 'signal') running.get(request.name)?.child.kill(request.signal);
  else void close();
});
process.on('disconnect', () => void close());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void close());
}

function start(spec: ServerSpec): void {
  if (closing) return;
  const log = openSync(spec.logFile, 'a');
  const [command = '', ...args] = [...diesWithUs(spec.onOrphaned), spec.command, ...spec.args];
  const child = spawn(command, args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
    ...spec.owner,
  });
  closeSync(log);
  child.once('error', (error) => {
    report({ event: 'not started', name: spec.name, how: error.message });
  });
  child.once('exit', (code, signal) => {
    running.delete(spec.name);
    report({ event: 'ended', name: spec.name, how: signal ?? `exit code ${String(code)}` });
  });
  if (child.pid === undefined) return;
  running.set(spec.name, { spec, child });
  report({ event: 'started', name: spec.name, pid: child.pid });
}

/**
 * On Linux the kernel signals the servers when the guard ends, so that they end even if every process that knows of
 * them is killed at once. Elsewhere, or without setpriv, the process that opened the stack stops them.
 */
function diesWithUs(signal: NodeJS.Signals): string[] {
  return hasSetpriv ? ['setpriv', '--pdeathsig', signal.slice('SIG'.length), '--'] : [];
}

function report(what: GuardReport): void {
  if (process.connected) process.send?.(what);
}

async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  await Promise.all([...running.values()].map(({ spec, child }) => stop(spec, child)));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

async function stop(spec: ServerSpec, child: ChildProcess): Promise<void> {
  const ended = new Promise<true>((resolve) => {
    child.once('exit', () => {
      resolve(true);
    });
  });
  for (const { signal, graceMs } of [...spec.stop, KILL]) {
    child.kill(signal);
    if (await Promise.race([ended, waitMs(graceMs)])) return;
  }
}

function waitMs(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(false);
    }, ms).unref();
  });
}
