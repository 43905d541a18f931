import { expect, test } from 'vitest';
import { DATABASE, DEAF, startProgram, UNTIL_ASKED } from './run-service.test-support.ts';

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and ends with 0', async (name) => {
  await using program = await startProgram({ run: UNTIL_ASKED, environment: DATABASE });
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
  await using program = await startProgram({ run, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(0);
});

test('a signal that arrives twice at once, as under npm, still drains', async () => {
  await using program = await startProgram({ run: UNTIL_ASKED, environment: DATABASE });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGINT');
  program.child.kill('SIGINT');

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain('closed outer');
});

test('a second signal ends the process with 1', async () => {
  await using program = await startProgram({ run: DEAF, environment: DATABASE });
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
  await using program = await startProgram({
    run: DEAF,
    environment: { ...DATABASE, SHUTDOWN_SECONDS: '1' },
  });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain('did not end in time');
});

test('a service that leaves something open is ended with 1', async () => {
  await using program = await startProgram({
    run: `setInterval(() => {}, 1_000);`,
    environment: { ...DATABASE, SHUTDOWN_SECONDS: '1' },
  });

  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain('closed outer');
  expect(program.stdout()).toContain('"open":');
});

test('a service that waits for nothing that could happen ends with a failure', async () => {
  await using program = await startProgram({
    run: `await new Promise(() => {});`,
    environment: DATABASE,
  });

  expect(await program.ended).not.toBe(0);
});

test('a service that waits for a server that does not answer gives up, and ends with 0', async () => {
  const run = `const alive = setInterval(() => {}, 1e6);
    say('running');
    await once(giveUp, 'abort');
    clearInterval(alive);
    throw new Error('nobody answered');`;
  await using program = await startProgram({
    run,
    environment: { ...DATABASE, SHUTDOWN_SECONDS: '2' },
  });
  await expect.poll(program.stdout).toContain('running');

  program.child.kill('SIGTERM');

  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain('no longer waiting for servers');
});

test('what keeps a process alive that was asked to stop and has closed everything is left behind', async () => {
  const run = `setInterval(() => {}, 1e6);
    say('running');
    await once(signal, 'abort');`;
  await using program = await startProgram({ run, environment: DATABASE });
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
    await using program = await startProgram({ run, usage: 'status' });
    await expect.poll(program.stdout).toContain('running');

    program.child.kill(name);

    expect(await program.ended).toBe(code);
    expect(program.stderr()).toContain(`ended by ${name} before it was done`);
  },
);
