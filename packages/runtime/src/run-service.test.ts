import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const RUNTIME = new URL('./index.ts', import.meta.url).href;
const CONTRACTS = new URL('../../contracts/src/index.ts', import.meta.url).href;
const ZOD = import.meta.resolve('zod');

interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, once the process has ended and its output is read. */
  readonly ended: Promise<number | null>;
}

interface ProgramOptions {
  /** Body of `run(context)`. */
  readonly run: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly usage?: string;
}

/** A real process with one service; ended and removed with the test. */
async function start(options: ProgramOptions): Promise<Program> {
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

const DATABASE = { DATABASE_URL: 'postgresql://app:canary-1@db/latchkey' };
const UNTIL_ASKED = `say('running'); await waitMs(600_000, signal);`;
/** Keeps the process alive and never ends, whatever it is asked. */
const DEAF = `say('running'); setInterval(() => {}, 1_000); await new Promise(() => {});`;

test('a service that is done ends with 0, its resources closed in reverse order', async () => {
  await using program = await start({ run: '', environment: DATABASE });

  expect(await program.ended).toBe(0);
  expect(program.stdout().match(/closed \w+|returned/g)).toEqual([
    'closed inner',
    'closed outer',
    'returned',
  ]);
});

test('a service that fails ends with 1 and logs the error, without secrets', async () => {
  await using program = await start({
    run: `throw new Error('no way to ' + settings.DATABASE_URL);`,
    environment: DATABASE,
  });

  expect(await program.ended).toBe(1);
  const fatal =
    program
      .stdout()
      .split('\n')
      .find((line) => line.includes('"fatal"')) ?? '{}';
  expect(JSON.parse(fatal)).toMatchObject({
    service: 'example',
    msg: 'failed',
    err: { message: 'no way to postgresql://[redacted]@db/latchkey' },
  });
  expect(program.stdout()).toContain('closed outer');
});

test('a variable that is nearly a setting is named in a warning, without its value', async () => {
  await using program = await start({
    run: '',
    environment: { ...DATABASE, DATABASE_URI: 'canary-2', PATHS: 'x' },
  });

  expect(await program.ended).toBe(0);
  const warning =
    program
      .stdout()
      .split('\n')
      .find((line) => line.includes('are ignored')) ?? '{}';
  expect(JSON.parse(warning)).toMatchObject({
    level: 'warn',
    unknown: [{ name: 'DATABASE_URI', meant: 'DATABASE_URL' }],
  });
  expect(program.stdout()).not.toContain('canary-2');
});

test('bad settings end with 2 and are all listed, without their values', async () => {
  await using program = await start({
    run: `say('ran');`,
    environment: { DATABASE_URL: 'canary-1', HTTP_PORT: 'canary-2', LOG_LEVEL: 'canary-3' },
    args: ['--verbose=canary-4', 'twice'],
  });

  expect(await program.ended).toBe(2);
  expect(program.stderr().split('\n').slice(1)).toEqual([
    '  unknown argument: --verbose',
    '  unknown argument: twice',
    '  DATABASE_URL: expected a URL that begins with postgresql://',
    '  HTTP_PORT: expected a whole number from 0 to 65535',
    '  LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent',
    '',
  ]);
  expect(program.stderr()).toMatch(/^example: CONFIG_INVALID: /);
  expect(program.stdout()).toBe('returned\n');
});

test('--help prints the settings and ends with 0, also without any of them', async () => {
  await using program = await start({ run: `say('ran');`, args: ['--help'] });

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toMatch(/^DATABASE_URL +required +.+\(secret\)$/m);
  expect(program.stdout()).not.toContain('ran');
});

test.each([
  'POLICY_INVALID',
  'PARTITION_COUNT_DIFFERS',
  'TOPIC_SETTING',
  'TIMESTAMP_TYPE',
  'SCHEMA_OLD',
])('%s ends with 2 and one clear line', async (code) => {
  await using program = await start({
    run: `throw new Failure('${code}', { topic: 'a' });`,
    environment: DATABASE,
  });

  expect(await program.ended).toBe(2);
  expect(program.stderr()).toMatch(
    new RegExp(`^example: ${code}: .+ \\(topic=a\\)\\. Next: .+\\n$`),
  );
});

test('a failure that is nobody’s setting ends with 1', async () => {
  await using program = await start({
    run: `throw new Failure('RELAY_ROW_MISSING');`,
    environment: DATABASE,
  });

  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain('RELAY_ROW_MISSING');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and ends with 0', async (name) => {
  await using program = await start({ run: UNTIL_ASKED, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill(name);

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain(`"signal":"${name}","msg":"asked to stop"`);
  expect(program.stdout()).toContain('closed outer');
});

test('work that rejects with the reason of the signal was asked to stop', async () => {
  const run = `const alive = setInterval(() => {}, 1e6);
    say('running');
    await once(new EventTarget(), 'never', { signal }).catch(() => {});
    clearInterval(alive);
    signal.throwIfAborted();`;
  await using program = await start({ run, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(0);
});

test('a signal that arrives twice at once, as under npm, still drains', async () => {
  await using program = await start({ run: UNTIL_ASKED, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGINT');
  program.child.kill('SIGINT');

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain('closed outer');
});

test('a second signal ends the process with 1', async () => {
  await using program = await start({ run: DEAF, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  const askAgain = (): string => {
    // Asked while it ends, it would be ended by the signal instead.
    if (!program.stdout().includes('a second time')) program.child.kill('SIGTERM');
    return program.stdout();
  };
  await expect.poll(askAgain, { interval: 250 }).toContain('asked to stop a second time');

  expect(await program.ended).toBe(1);
});

test('a service that does not end in time is ended with 1', async () => {
  await using program = await start({
    run: DEAF,
    environment: { ...DATABASE, SHUTDOWN_SECONDS: '1' },
  });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain('did not end in time');
});

test('a service that leaves something open is ended with 1', async () => {
  await using program = await start({
    run: `setInterval(() => {}, 1_000);`,
    environment: { ...DATABASE, SHUTDOWN_SECONDS: '1' },
  });

  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain('closed outer');
  expect(program.stdout()).toContain('"open":');
});

test('a service that waits for nothing that could happen ends with a failure', async () => {
  await using program = await start({ run: `await new Promise(() => {});`, environment: DATABASE });

  expect(await program.ended).not.toBe(0);
});

test.each([
  ['a rejection', `void Promise.reject(new TypeError('broken'));`],
  ['an exception', `setImmediate(() => { throw new TypeError('broken'); });`],
])(
  '%s that nobody caught is logged, and the service is closed and ends with 1',
  async (_, fault) => {
    await using program = await start({ run: `${fault} ${UNTIL_ASKED}`, environment: DATABASE });

    expect(await program.ended).toBe(1);
    expect(program.stdout()).toMatch(/"level":"fatal".+"broken".+"error that nobody caught"/);
    expect(program.stdout().match(/closed \w+/g)).toEqual(['closed inner', 'closed outer']);
  },
);

test('a process lives, is not ready and can be asked for its metrics while it waits', async () => {
  await using program = await start({
    run: `health.notReady('database', 'connecting'); ${UNTIL_ASKED}`,
    environment: { ...DATABASE, HTTP_PORT: '0' },
  });
  await expect.poll(program.stdout).toContain('running');
  const port = /"port":(\d+)/.exec(program.stdout())?.[1];

  const answers = ['livez', 'readyz', 'metrics'].map((path) =>
    fetch(`http://127.0.0.1:${port}/${path}`),
  );

  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 503, 200]);
});

test('a command gets its arguments; its answer goes to stdout and its log to stderr', async () => {
  await using program = await start({
    usage: 'status',
    args: ['dead-letters', 'show', '--json'],
    run: `say(args.join(' ')); log.warn({}, 'looked up');`,
  });

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toMatch(/^dead-letters show --json\n/);
  expect(program.stderr()).toContain('"msg":"looked up"');
});

test('a service that waits for a server that does not answer gives up, and ends with 0', async () => {
  const run = `const alive = setInterval(() => {}, 1e6);
    say('running');
    await once(giveUp, 'abort');
    clearInterval(alive);
    throw new Error('nobody answered');`;
  await using program = await start({ run, environment: { ...DATABASE, SHUTDOWN_SECONDS: '2' } });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain('no longer waiting for servers');
});

test('what keeps a process alive that was asked to stop and has closed everything is left behind', async () => {
  const run = `setInterval(() => {}, 1e6);
    say('running');
    await once(signal, 'abort');`;
  await using program = await start({ run, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(0);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'a command that %s ends before it is done says so, and ends with %d',
  async (name, code) => {
    const run = `const alive = setInterval(() => {}, 1e6);
    say('running');
    await once(giveUp, 'abort');
    clearInterval(alive);
    throw new Error('nobody answered');`;
    await using program = await start({ run, usage: 'status' });
    await expect.poll(program.stdout).toContain('running');

    program.child.kill(name);

    expect(await program.ended).toBe(code);
    expect(program.stderr()).toContain(`ended by ${name} before it was done`);
  },
);
