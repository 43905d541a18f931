import { execFile } from 'node:child_process';
import { eventually } from '../../support/eventually.ts';
import { runLatchkey } from '../../support/run-latchkey.ts';
import type { Arena } from '../arena/arena.ts';
import { LIMIT_MS } from './limits.ts';

/**
 * What an operator does: `npm run latchkey -- <args>`. Resolves with what it printed.
 *
 * @throws Error when it fails
 */
export async function operate({ env }: Arena, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runLatchkey({ ...env, OPERATOR: 'grace' }, ...args);
  if (code === 0) return stdout;
  throw new Error(`latchkey ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
}

/** Waits until `status` says of an output topic that it is refused. Resolves with the codes. */
export async function untilRefused(arena: Arena): Promise<readonly string[]> {
  const refusals = async (): Promise<readonly string[]> =>
    statusOf(arena, 'output', 'refusedCode').catch(() => []);
  return await eventually('topics refused', refusals, (codes) => codes.length > 0, LIMIT_MS);
}

/** Waits until `status` says that so many partitions of an input topic have stopped. Resolves with the codes. */
export async function untilStopped(arena: Arena, count: number): Promise<readonly string[]> {
  const codes = (): Promise<readonly string[]> => statusOf(arena, 'input', 'stoppedCode');
  return await eventually('partitions stopped', codes, (found) => found.length === count, LIMIT_MS);
}

/** What `progress show` says was found in a partition that stopped. */
export async function findingOf(arena: Arena, topic: string, partition: number): Promise<string> {
  const lines = (await operate(arena, 'progress', 'show', '--json')).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const row = rows.find((one) => one['topic'] === topic && one['partition'] === partition);
  const finding = row?.['findingId'];
  if (typeof finding !== 'string') throw new Error(`${topic}/${partition} has not stopped`);
  return finding;
}

/** Each different code that `status` shows. */
async function statusOf(arena: Arena, about: string, name: string): Promise<readonly string[]> {
  const lines = (await operate(arena, 'status', '--json')).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return rows.flatMap((row) => {
    const code = row[name];
    return row['about'] === about && typeof code === 'string' ? [code] : [];
  });
}

/** What a script of one copy of the sources does and says. */
export function runScript(
  root: string,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, cwd: root };
    execFile(process.execPath, [`${root}${script}`], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** Ends every process as an orchestrator does. */
export async function endAll({ members }: Arena): Promise<void> {
  await Promise.all(members.map((member) => member.process().end('SIGTERM')));
}

/** Starts every process again. They need not become ready. */
export async function launchAll({ members }: Arena): Promise<void> {
  await Promise.all(members.map((member) => member.relaunch()));
}
