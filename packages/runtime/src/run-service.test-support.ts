import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNTIME = new URL('./index.ts', import.meta.url).href;
const CONTRACTS = new URL('../../contracts/src/index.ts', import.meta.url).href;
const ZOD = import.meta.resolve('zod');

export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, once the process has ended and its output is read. */
  readonly ended: Promise<number | null>;
}

export interface ProgramOptions {
  /** Body of `run(context)`. */
  readonly run: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly usage?: string;
}

/** A real process with one service; ended and removed with the test. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-service-'));
  const file = join(folder, 'main.ts');
  await writeFile(file, sourceOf(options));
  const child = spawn(process.execPath, [file, ...(options.args ?? [])], {
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

function sourceOf({ run, usage }: ProgramOptions): string {
  return `
    import { once } from 'node:events';
    import { Failure } from '${CONTRACTS}';
    import { databaseSettings, runService, waitMs } from '${RUNTIME}';
    import { z } from '${ZOD}';

    const say = (text) => process.stdout.write(text + '\\n');
    /** Something to close, closed a little later than at once. */
    const resource = (name) => ({
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        say('closed ' + name);
      },
    });
    await runService({
      name: 'example',
      settings: z.object(${usage === undefined ? 'databaseSettings' : '{}'}),
      ${usage === undefined ? '' : `usage: '${usage}',`}
      async run({ settings, args, log, health, signal, giveUp }) {
        await using outer = resource('outer');
        await using inner = resource('inner');
        ${run}
      },
    });
    say('returned');
  `;
}

export const DATABASE = { DATABASE_URL: 'postgresql://app:canary-1@db/latchkey' };
export const UNTIL_ASKED = `say('running'); await waitMs(600_000, signal);`;
/** Keeps the process alive and ignores every request to end. */
export const DEAF = `say('running'); setInterval(() => {}, 1_000); await new Promise(() => {});`;
