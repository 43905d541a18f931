import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { GuardReport, GuardRequest, ServerSpec } from './guard.ts';
import { logTail } from './log-tail.ts';
import { isAlive, send as sendSignal } from './signals.ts';

const GUARD_FILE = fileURLToPath(new URL('guard.ts', import.meta.url));
const CLOSE_WAIT_MS = 30_000;
const ORPHAN_POLL_MS = 50;
const ORPHAN_GRACE_MS = 3_000;

/** The servers of one local stack, run by a guard process that outlives this one just long enough to stop them. */
export interface Guard {
  /** The guard's id, then those of the running servers. */
  readonly pids: () => readonly number[];
  readonly start: (server: ServerSpec) => Promise<RunningServer>;
  /** Runs a program that ends by itself. Rejects with the end of its log if it fails. */
  readonly run: (task: ServerSpec) => Promise<void>;
  /** Stops all servers and removes the folder. Never rejects; safe to call twice. */
  readonly close: () => Promise<void>;
  /** Resolves with the reason when the guard ends, or a server ends that was not stopped. */
  readonly lost: Promise<string>;
}

export interface RunningServer {
  /** Resolves with the exit code or signal. */
  readonly ended: Promise<string>;
  /** Sends the signal; resolves when the server has ended, without a limit. */
  readonly stop: (signal: NodeJS.Signals) => Promise<void>;
}

interface Entry {
  readonly spec: ServerSpec;
  readonly started: PromiseWithResolvers<undefined>;
  readonly ended: PromiseWithResolvers<string>;
  pid: number | undefined;
  mayEnd: boolean;
}

/** @param folder - contains everything that the servers write; removed at the end */
export function startGuard(folder: string): Guard {
  const guard = spawn(process.execPath, [GUARD_FILE, folder], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const entries = new Map<string, Entry>();
  const lost = Promise.withResolvers<string>();
  const gone = Promise.withResolvers<undefined>();
  let isClosing = false;

  guard.on('message', (report: GuardReport) => {
    const entry = entries.get(report.name);
    if (entry === undefined) return;
    note(entry, report);
    if (report.event === 'ended' && !entry.mayEnd && !isClosing) {
      lost.resolve(`${report.name} ended unexpectedly (${report.how})`);
    }
  });
  guard.once('error', (error) => {
    lost.resolve(`the guard of the stack did not start: ${error.message}`);
    gone.resolve(undefined);
  });
  guard.once('exit', () => {
    if (!isClosing) lost.resolve('the guard of the stack was killed');
    void cleanUpWithoutGuard([...entries.values()], folder).then(gone.resolve);
  });

  const begin = (spec: ServerSpec, mayEnd: boolean): Entry => {
    const entry = newEntry(spec, mayEnd);
    entries.set(spec.name, entry);
    request(guard, { do: 'start', server: spec });
    return entry;
  };
  return {
    lost: lost.promise,
    pids: () => pidsOf([guard, ...entries.values()]),
    start: async (spec) => {
      const entry = begin(spec, false);
      await entry.started.promise;
      return running(guard, entry);
    },
    run: async (task) => {
      const entry = begin(task, true);
      await entry.started.promise;
      const how = await entry.ended.promise;
      if (how !== 'exit code 0') {
        throw new Error(`${task.name} failed (${how}):\n${await logTail(task.logFile)}`);
      }
    },
    close: async () => {
      isClosing = true;
      request(guard, { do: 'close' });
      const timer = setTimeout(() => guard.kill('SIGKILL'), CLOSE_WAIT_MS);
      await gone.promise;
      clearTimeout(timer);
    },
  };
}

function newEntry(spec: ServerSpec, mayEnd: boolean): Entry {
  const started = Promise.withResolvers<undefined>();
  started.promise.catch(() => undefined); // the stack may be closed before this promise is awaited
  return { spec, started, ended: Promise.withResolvers(), pid: undefined, mayEnd };
}

function note(entry: Entry, report: GuardReport): void {
  if (report.event === 'started') {
    entry.pid = report.pid;
    entry.started.resolve(undefined);
    return;
  }
  entry.pid = undefined;
  entry.started.reject(new Error(`${report.name} could not be started: ${report.how}`));
  entry.ended.resolve(report.how);
}

function running(guard: ChildProcess, entry: Entry): RunningServer {
  return {
    ended: entry.ended.promise,
    stop: async (signal) => {
      entry.mayEnd = true;
      request(guard, { do: 'signal', name: entry.spec.name, signal });
      await entry.ended.promise;
    },
  };
}

function request(guard: ChildProcess, what: GuardRequest): void {
  if (guard.connected) guard.send(what);
}

function pidsOf(processes: readonly { readonly pid?: number | undefined }[]): number[] {
  return processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
}

/** Stops what is left if the guard was killed; does nothing if it finished. */
async function cleanUpWithoutGuard(entries: readonly Entry[], folder: string): Promise<undefined> {
  await Promise.all(entries.map(endOrphan));
  for (const entry of entries)
    note(entry, { event: 'ended', name: entry.spec.name, how: 'closed' });
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
}

async function endOrphan(entry: Entry): Promise<void> {
  if (entry.pid === undefined) return;
  sendSignal(entry.pid, entry.spec.onOrphaned);
  const deadline = Date.now() + ORPHAN_GRACE_MS;
  while (isAlive(entry.pid)) {
    if (Date.now() > deadline) sendSignal(entry.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, ORPHAN_POLL_MS));
  }
}
