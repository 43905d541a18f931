import { expect, test } from 'vitest';
import { DATABASE, startProgram, UNTIL_ASKED } from './run-service.test-support.ts';

test('a service that is done ends with 0, its resources closed in reverse order', async () => {
  await using program = await startProgram({ run: '', environment: DATABASE });

  expect(await program.ended).toBe(0);
  expect(program.stdout().match(/closed \w+|returned/g)).toEqual([
    'closed inner',
    'closed outer',
    'returned',
  ]);
});

test('a service that fails ends with 1 and logs the error, without secrets', async () => {
  await using program = await startProgram({
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
  await using program = await startProgram({
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
  await using program = await startProgram({
    run: `say('ran');`,
    environment: {
      DATABASE_URL: 'canary-1',
      DATABASE_URI: 'canary-5',
      HTTP_PORT: 'canary-2',
      LOG_LEVEL: 'canary-3',
    },
    args: ['--verbose=canary-4', 'twice'],
  });

  expect(await program.ended).toBe(2);
  expect(program.stderr().split('\n').slice(1)).toEqual([
    '  unknown argument: --verbose',
    '  unknown argument: twice',
    '  DATABASE_URL: expected a URL that begins with postgresql://',
    '  HTTP_PORT: expected a whole number from 0 to 65535',
    '  LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent',
    '  DATABASE_URI: no setting; DATABASE_URL may be meant',
    '',
  ]);
  expect(program.stderr()).toMatch(/^example: CONFIG_INVALID: /);
  expect(program.stdout()).toBe('returned\n');
});

test('--help prints the settings and ends with 0, also without any of them', async () => {
  await using program = await startProgram({ run: `say('ran');`, args: ['--help'] });

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
  await using program = await startProgram({
    run: `throw new Failure('${code}', { topic: 'a' });`,
    environment: DATABASE,
  });

  expect(await program.ended).toBe(2);
  expect(program.stderr()).toMatch(
    new RegExp(`^example: ${code}: .+ \\(topic=a\\)\\. Next: .+\\n$`),
  );
});

test('a failure of no setting ends with 1', async () => {
  await using program = await startProgram({
    run: `throw new Failure('RELAY_ROW_MISSING');`,
    environment: DATABASE,
  });

  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain('RELAY_ROW_MISSING');
});

test.each([
  ['a rejection', `void Promise.reject(new TypeError('broken'));`],
  ['an exception', `setImmediate(() => { throw new TypeError('broken'); });`],
])(
  '%s that is not caught is logged, and the service is closed and ends with 1',
  async (_, fault) => {
    await using program = await startProgram({
      run: `${fault} ${UNTIL_ASKED}`,
      environment: DATABASE,
    });

    expect(await program.ended).toBe(1);
    expect(program.stdout()).toMatch(/"level":"fatal".+"broken".+"uncaught error"/);
    expect(program.stdout().match(/closed \w+/g)).toEqual(['closed inner', 'closed outer']);
  },
);

test('a process lives, is not ready and can be asked for its metrics while it waits', async () => {
  await using program = await startProgram({
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

test('a command beside a service of the same environment does not ask for its port', async () => {
  await using service = await startProgram({
    run: UNTIL_ASKED,
    environment: { ...DATABASE, HTTP_PORT: '0' },
  });
  await expect.poll(service.stdout).toContain('running');
  const port = /"port":(\d+)/.exec(service.stdout())?.[1] ?? '';

  await using command = await startProgram({
    usage: 'status',
    run: "say('done');",
    environment: { HTTP_PORT: port },
  });

  expect(await command.ended).toBe(0);
  expect(command.stdout()).toContain('done');
});

test('a command gets its arguments; its answer goes to stdout and its log to stderr', async () => {
  await using program = await startProgram({
    usage: 'status',
    args: ['dead-letters', 'show', '--json'],
    run: `say(args.join(' ')); log.warn({}, 'looked up');`,
  });

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toMatch(/^dead-letters show --json\n/);
  expect(program.stderr()).toContain('"msg":"looked up"');
});
