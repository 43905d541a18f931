import { execFile } from 'node:child_process';
import { eventually } from '../../support/eventually.ts';
import { runLatchkey } from '../../support/run-latchkey.ts';
import type { Arena } from '../arena/arena.ts';
import { LIMIT_MS } from './limits.ts';

/**
 * Runs `npm run latchkey -- <args>` as an operator. Resolves with its standard output.
 *
 * @throws Error when its exit code is not 0
 */
export async function operate({ env }: Arena, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runLatchkey({ ...env, OPERATOR: 'grace' }, ...args);
  if (code === 0) return stdout;
  throw new Error(`latchkey ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
}

/** Waits until `status` reports a refused output topic. Resolves with the codes. */
export async function untilRefused(arena: Arena): Promise<readonly string[]> {
  const refusals = async (): Promise<readonly string[]> =>
    readCodes(arena, 'output', 'refusedCode').catch(() => []);
  return await eventually('topics refused', refusals, (codes) => codes.length > 0, LIMIT_MS);
}

/** Waits until `status` reports so many stopped input partitions. Resolves with their codes. */
export async function untilStopped(arena: Arena, count: number): Promise<readonly string[]> {
  const codes = (): Promise<readonly string[]> => readCodes(arena, 'input', 'stoppedCode');
  return await eventually('partitions stopped', codes, (found) => found.length === count, LIMIT_MS);
}

/** The finding id that `progress show` reports for a stopped partition. */
export async function readFinding(arena: Arena, topic: string, partition: number): Promise<string> {
  const lines = (await operate(arena, 'progress', 'show', '--json')).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const row = rows.find((one) => one['topic'] === topic && one['partition'] === partition);
  const finding = row?.['findingId'];
  if (typeof finding !== 'string') throw new Error(`${topic}/${partition} has not stopped`);
  return finding;
}

/** The codes in one column of `status`. */
async function readCodes(arena: Arena, about: string, name: string): Promise<readonly string[]> {
  const lines = (await operate(arena, 'status', '--json')).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return rows.flatMap((row) => {
    const code = row[name];
    return row['about'] === about && typeof code === 'string' ? [code] : [];
  });
}

/** Runs a script of a copy of the sources. Resolves with exit code and output. */
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

/** Ends every process with SIGTERM. */
export async function endAll({ members }: Arena): Promise<void> {
  await Promise.all(members.map((member) => member.process().end('SIGTERM')));
}

/** Starts every process again, without waiting for readiness. */
export async function launchAll({ members }: Arena): Promise<void> {
  await Promise.all(members.map((member) => member.relaunch()));
}
