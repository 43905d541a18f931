import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../tools/stack/local/ports.ts';
import { bundleOf } from './bundles.ts';
import { childEnv } from './child-env.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const END_WITH_PARENT = new URL('../../tools/end-with-parent.mjs', import.meta.url).href;
/** On a busy machine loading the sources takes a minute. */
const READY_LIMIT_MS = 180_000;
const POLL_MS = 50;
const PORT_MAX_TRIES = 3;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real child process. Disposing kills it, as kill -9 does. */
export interface ChildService extends AsyncDisposable {
  readonly pid: number;
  /** `http://127.0.0.1:<port>` of /livez, /readyz and /metrics. */
  readonly address: string;
  /** All output so far, to stdout and stderr. */
  readonly output: () => string;
  readonly exited: Promise<Exit>;
  /** Sends a signal and does not wait: SIGSTOP, SIGCONT. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Sends a signal that ends the process, and resolves when it has ended. */
  readonly end: (signal: NodeJS.Signals) => Promise<Exit>;
  /** Sends a message over the channel; does nothing without one, or when the child has ended. */
  readonly send: (message: object) => void;
}

export interface ChildOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** A copy of the repository; the path ends with a slash. */
  readonly root?: string;
  /** Runs the sources, and not the bundle. */
  readonly fromSources?: boolean;
  /** Runs this file of the repository instead of the service's main.ts. */
  readonly script?: string;
  /** Is called with each message of the child; opens a channel to it. */
  readonly onMessage?: (message: unknown) => void;
}

/** Starts `services/<name>/src/main.ts`, or its bundle (`bundleOf`). Resolves when /readyz answers 200; rejects with its output when it ends first. */
export async function startService(
  name: string,
  options: ChildOptions,
  triesLeft = PORT_MAX_TRIES,
): Promise<ChildService> {
  const service = await spawnService(name, options);
  try {
    await whenReady(service);
    return service;
  } catch (error) {
    await service[Symbol.asyncDispose]();
    // Another process on this machine has bound the port meanwhile.
    const isTaken = service.output().includes('(EADDRINUSE)');
    if (isTaken && triesLeft > 1) return startService(name, options, triesLeft - 1);
    throw error;
  }
}

/** Starts it without waiting until it is ready: for a service that stays on standby, or refuses its settings. */
export async function spawnService(name: string, options: ChildOptions): Promise<ChildService> {
  const [port = 0] = await freePorts(1);
  const root = options.root ?? ROOT;
  const script = scriptOf(name, root, options);
  const { onMessage } = options;
  const child = spawn(
    process.execPath,
    ['--import', END_WITH_PARENT, script, ...(options.args ?? [])],
    {
      cwd: root,
      env: { ...childEnv(options.root), HTTP_PORT: String(port), ...options.env },
      // Descriptor 3 is closed when this process ends.
      stdio: [
        'ignore',
        'pipe',
        'pipe',
        'pipe',
        ...(onMessage === undefined ? [] : ['ipc' as const]),
      ],
    },
  );
  if (onMessage !== undefined) child.on('message', onMessage);
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const end = (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    return exited;
  };
  return {
    pid: child.pid ?? 0,
    address: `http://127.0.0.1:${port}`,
    output: () => written,
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
    end,
    send: (message) => {
      // It may have ended just now.
      if (child.connected) child.send(message, () => undefined);
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
    },
  };
}

function scriptOf(name: string, root: string, { script, fromSources }: ChildOptions): string {
  const source = `${root}${script ?? `services/${name}/src/main.ts`}`;
  return fromSources === true ? source : bundleOf(source);
}

async function whenReady(service: ChildService): Promise<void> {
  const exited = service.exited.then((exit) => ({ exit }));
  const deadline = Date.now() + READY_LIMIT_MS;
  while (Date.now() < deadline) {
    const seen = await Promise.race([exited, isReady(service.address)]);
    if (seen === true) return;
    if (seen !== false)
      throw new Error(`ended with ${JSON.stringify(seen.exit)}:\n${service.output()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`not ready after ${READY_LIMIT_MS} ms:\n${service.output()}`);
}

async function isReady(address: string): Promise<boolean> {
  const limit = AbortSignal.timeout(2_000);
  return fetch(`${address}/readyz`, { signal: limit }).then(
    (response) => response.ok,
    () => false,
  );
}
