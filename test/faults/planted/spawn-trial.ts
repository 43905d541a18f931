import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Servers } from '../arena/arena.ts';
import type { TrialFinding } from './trials/drain.ts';
import type { TrialName } from './trials.ts';

/** Outcome of a trial. */
export interface Verdict {
  readonly findings: readonly TrialFinding[];
  /** Why it ended without a verdict; then it proves nothing. */
  readonly error: string | undefined;
  readonly tookMs: number;
}

const TRIAL_LIMIT_MS = 300_000;
const ERROR_MAX_CHARS = 4_000;

/** Runs a trial of the sources in this folder in a child process. Never rejects. */
export async function spawnTrial(
  folder: string,
  trial: TrialName,
  { databaseUrl, brokers, runId }: Servers,
): Promise<Verdict> {
  const startedMs = performance.now();
  const endWithParent = pathToFileURL(join(folder, 'tools/end-with-parent.mjs')).href;
  const script = join(folder, 'test/faults/planted/run-trial.ts');
  const child = spawn(process.execPath, ['--import', endWithParent, script, trial], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: brokers.join(','),
      RUN_ID: runId,
    },
    // Descriptor 3 closes when this process ends.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
  });
  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written = (written + text).slice(-ERROR_MAX_CHARS);
  });
  let findings: readonly TrialFinding[] | undefined;
  child.on('message', (message) => {
    ({ findings } = message as { readonly findings: readonly TrialFinding[] });
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), TRIAL_LIMIT_MS);
  await new Promise<void>((resolve) => {
    child.once('error', (error) => {
      written += error.message;
      resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });
  clearTimeout(limit);
  const error = findings === undefined ? `ended without a verdict: ${written}` : undefined;
  return { findings: findings ?? [], error, tookMs: Math.round(performance.now() - startedMs) };
}
