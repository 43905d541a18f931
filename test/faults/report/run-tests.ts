import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upperBoundPercent } from './figures.ts';
import type { PartReport } from './part.ts';

export interface TestRun {
  readonly what: string;
  /** Below `test/faults`. */
  readonly folders: readonly string[];
  /** What makes them larger than `npm test` has them. */
  readonly env: Readonly<Record<string, string>>;
  /** Histories or inputs of each property. */
  readonly runs: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
}

/** Runs tests of the suite at another size, and counts them. */
export async function runTests(root: string, run: TestRun): Promise<PartReport> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-faults-'));
  const file = join(folder, 'report.json');
  try {
    const exitCode = await vitest(root, run, file);
    const text = await readFile(file, 'utf8').catch(() => '{}');
    const report = JSON.parse(text) as Partial<VitestReport>;
    const failed = report.numFailedTests ?? 0;
    const figure = `${run.runs} of each property; one of so many fails in less than ${upperBoundPercent(run.runs)} %`;
    const row = { what: run.what, tried: report.numTotalTests ?? 0, failed, figure };
    return { rows: [row], failed: exitCode !== 0 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function vitest(root: string, run: TestRun, report: string): Promise<number> {
  const script = join(root, 'node_modules/vitest/vitest.mjs');
  const folders = run.folders.map((name) => `test/faults/${name}`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const timeouts = ['--testTimeout=3600000'];
  const args = [script, 'run', '--project=faults', ...reporters, ...timeouts, ...folders];
  const env = { ...process.env, ...run.env };
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as (number | null)[];
  return code ?? 1;
}
