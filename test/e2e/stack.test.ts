import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { openStack } from '../../tools/stack/open-stack.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUN = 'tools/run.mjs';
const run = promisify(execFile);

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the stack ends with exit code 0 and leaves nothing behind at %s',
  async (signal) => {
    await using stack = await startStackCommand('node', [RUN, 'tools/stack/main.ts']);
    const { pids, folder } = await tracesOf(stack.pid);

    process.kill(stack.pid, signal);

    expect(await stack.exitCode).toBe(0);
    expect(stillAlive(pids)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  },
);

test('npm run stack prints two addresses and `ready`, and leaves nothing behind when npm is stopped', async () => {
  await using stack = await startStackCommand();
  expect(stack.lines).toEqual([
    expect.stringMatching(/^DATABASE_URL=postgres:/),
    expect.stringMatching(/^KAFKA_BROKERS=127[.]0[.]0[.]1:\d+$/),
    'ready',
  ]);
  const { pids, folder } = await tracesOf(stack.pid);

  process.kill(stack.pid, 'SIGTERM');

  await expect.poll(() => stillAlive(pids), { timeout: 30_000 }).toEqual([]);
  expect(existsSync(folder)).toBe(false);
});

test.each([
  ['npm', /^npm|npm-cli[.]js|\/npm /],
  ['run.mjs', /tools\/run[.]mjs/],
  ['the stack itself', /--import .* \S*stack\/main[.]ts/],
  ['its guard', /local\/guard[.]ts/],
])('nothing is left when %s is killed with -9', async (_who, pattern) => {
  await using stack = await startStackCommand();
  const { pids, folder, commands } = await tracesOf(stack.pid);
  const victim = commands.find(({ command }) => pattern.test(command));
  if (victim === undefined) throw new Error(`no ${pattern} in ${JSON.stringify(commands)}`);

  process.kill(victim.pid, 'SIGKILL');

  await expect.poll(() => stillAlive(pids), { timeout: 30_000 }).toEqual([]);
  await expect.poll(() => existsSync(folder), { timeout: 5_000 }).toBe(false);
});

test('no server is left when all parent processes are killed with -9 at once', async () => {
  await using stack = await startStackCommand();
  const { pids, commands, folder } = await tracesOf(stack.pid);

  for (const { pid, command } of commands) {
    if (/node|npm/.test(command) && !/kafka[.]Kafka/.test(command)) process.kill(pid, 'SIGKILL');
  }

  await expect.poll(() => stillAlive(pids), { timeout: 30_000 }).toEqual([]);
  // No process was left to delete it.
  await rm(folder, { recursive: true });
});

test('servers from the environment are passed on, and keep running when the stack stops', async () => {
  const named = { DATABASE_URL: 'postgres://localhost/other', KAFKA_BROKERS: 'localhost:1' };
  await using stack = await startStackCommand('node', [RUN, 'tools/stack/main.ts'], named);
  expect(stack.lines).toEqual([
    'DATABASE_URL=postgres://localhost/other',
    'KAFKA_BROKERS=localhost:1',
    'ready',
  ]);

  process.kill(stack.pid, 'SIGTERM');

  expect(await stack.exitCode).toBe(0);
});

test('without Java, Docker and addresses one message says what to install', async () => {
  const failed = await run(process.execPath, ['tools/stack/main.ts', '--local'], {
    cwd: ROOT,
    env: { PATH: '/nonexistent' },
  }).catch((error: unknown) => error);

  expect(failed).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^STACK_UNAVAILABLE: .*Java.*\n[^]*Docker[^]*Maven[^]*DATABASE_URL/,
    ) as string,
  });
});

test('bad arguments end with exit code 2 and the usage', async () => {
  const main = [RUN, 'tools/stack/main.ts'];

  const failed = await run('node', [...main, '--brokers', '2'], { cwd: ROOT }).catch(
    (error: unknown) => error,
  );

  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('--brokers') as string });
});

test('two stacks run side by side, and a stopped server restarts at its address', async () => {
  await using opened = new AsyncDisposableStack();
  const [first, second] = await Promise.all([
    openStack({ local: true }).then((stack) => opened.use(stack)),
    openStack({ local: true }).then((stack) => opened.use(stack)),
  ]);
  expect(first.databaseUrl).not.toBe(second.databaseUrl);

  await first.stopDatabase('immediate');
  await expect(answerOf(first.databaseUrl)).rejects.toThrow();
  await expect(answerOf(second.databaseUrl)).resolves.toBe('latchkey');
  await first.startDatabase();
  await first.killBroker(0);
  await first.startBroker(0);

  await expect(answerOf(first.databaseUrl)).resolves.toBe('latchkey');
});

interface StackCommand extends AsyncDisposable {
  readonly pid: number;
  readonly lines: readonly string[];
  readonly exitCode: Promise<number | null>;
}

/** Starts `npm run stack` on servers from the environment, else in local processes. Disposing stops it. */
async function startStackCommand(
  command = 'npm',
  args = ['run', '--silent', 'stack', '--'],
  named?: Readonly<Record<string, string>>,
): Promise<StackCommand> {
  const child = spawn(command, named === undefined ? [...args, '--local'] : args, {
    cwd: ROOT,
    env: { ...process.env, ...named },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === 'ready') break;
  }
  return {
    pid: child.pid ?? 0,
    lines,
    exitCode,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exitCode;
    },
  };
}

interface Traces {
  readonly commands: readonly { readonly pid: number; readonly command: string }[];
  readonly pids: readonly number[];
  readonly folder: string;
}

/** The process, its descendants, and the folder of its servers. */
async function tracesOf(ancestor: number): Promise<Traces> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
  const all = stdout.split('\n').flatMap((line) => {
    const found = /^ *(\d+) +(\d+) (.*)$/.exec(line);
    return found
      ? [{ pid: Number(found[1]), parent: Number(found[2]), command: found[3] ?? '' }]
      : [];
  });
  const family = new Set([ancestor]);
  // Process ids may wrap around, so a child may be listed before its parent: repeat until no process is added.
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  const commands = all.filter(({ pid }) => family.has(pid));
  const folder = commands.map(({ command }) => /\S*\/latchkey-stack-\w+/.exec(command)?.[0]);
  const servers = commands.filter(({ command }) => /kafka[.]Kafka|postgres -D/.test(command));
  expect(servers).toHaveLength(2);
  return { commands, pids: [...family], folder: folder.find((found) => found !== undefined) ?? '' };
}

function stillAlive(pids: readonly number[]): number[] {
  return pids.filter((pid) => existsSync(`/proc/${pid}`));
}

async function answerOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    return rows[0]?.name ?? '';
  } finally {
    await client.end().catch(() => undefined);
  }
}
