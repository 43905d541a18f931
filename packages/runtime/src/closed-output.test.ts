import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const RUNTIME = new URL('./index.ts', import.meta.url).href;
const CONTRACTS = new URL('../../contracts/src/index.ts', import.meta.url).href;
const ZOD = import.meta.resolve('zod');

type Output = 'stdout' | 'stderr';

interface Ended {
  readonly code: number | null;
  /** What came out of the stream that stayed open. */
  readonly output: string;
}

/** Runs a command whose output has no reader any more when the command begins to print. */
async function runWithClosed(closed: Output, body: string, ...args: string[]): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-closed-'));
  const file = join(folder, 'main.ts');
  await writeFile(file, sourceOf(body));
  const child = spawn(process.execPath, [file, ...args], { env: {} });
  const open = closed === 'stdout' ? child.stderr : child.stdout;
  let output = '';
  open.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  child[closed].destroy();
  await once(child[closed], 'close');
  child.stdin.end();
  const code = await ended;
  await rm(folder, { recursive: true });
  return { code, output };
}

function sourceOf(body: string): string {
  return `
    import { setImmediate } from 'node:timers/promises';
    import { Failure } from '${CONTRACTS}';
    import { runService } from '${RUNTIME}';
    import { z } from '${ZOD}';

    // The test ends the input once it has closed the output.
    for await (const _ of process.stdin);
    await runService({
      name: 'example',
      settings: z.object({}),
      usage: '',
      async run({ log }) {
        for (let line = 0; line < 3; line += 1) {
          process.stdout.write('line\\n');
          process.stderr.write('line\\n');
          log.warn({}, 'logged');
          await setImmediate();
        }
        ${body}
      },
    });
  `;
}

test.each(['stdout', 'stderr'] as const)(
  'a command whose %s was closed finishes its work and ends with 0',
  async (closed) => {
    const open = closed === 'stdout' ? 'stderr' : 'stdout';

    const { code, output } = await runWithClosed(closed, `process.${open}.write('finished\\n');`);

    expect(output).toContain('finished\n');
    expect(output).not.toContain('EPIPE');
    expect(code).toBe(0);
  },
);

test('a refusal keeps its exit code when its output is closed', async () => {
  const refusal = `throw new Failure('CONFIG_INVALID', { problems: ['no'] });`;

  expect(await runWithClosed('stderr', refusal)).toMatchObject({ code: 2 });
});

test('help without a reader ends with 0', async () => {
  expect(await runWithClosed('stdout', '', '--help')).toEqual({ code: 0, output: '' });
});

test('another error of an output still ends the process with 1', async () => {
  const { code, output } = await runWithClosed(
    'stdout',
    `process.stdout.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }));`,
  );

  expect(output).toContain('full');
  expect(code).toBe(1);
});
