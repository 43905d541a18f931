import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeptPart } from '../kept/kept.ts';
import { keptRow } from '../kept/kept-rows.ts';
import { upperBoundPercent } from './figures.ts';
import type { PartReport, ReportRow } from './part.ts';

export interface TestRun {
  readonly what: string;
  /** Below `test/faults`. */
  readonly folder: string;
  /** What makes them larger than `npm test` has them. */
  readonly env: Readonly<Record<string, string>>;
  /** Histories or inputs of each property. */
  readonly runs: number;
  readonly kept: KeptPart;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
}

/** Runs tests of the suite at another size, file by file, and counts them. What has passed before is counted only. */
export async function runTests(root: string, run: TestRun): Promise<PartReport> {
  const files: string[] = [];
  for await (const file of glob(`test/faults/${run.folder}/*.test.ts`, { cwd: root })) {
    files.push(file);
  }
  const rows: ReportRow[] = [];
  for (const file of files.sort()) {
    const name = [file, ...Object.entries(run.env).map((setting) => setting.join('='))].join(' ');
    rows.push(await keptRow(run.kept, name, () => runFile(root, file, run)));
  }
  const tried = rows.reduce((sum, row) => sum + row.tried, 0);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  const figure = `${run.runs} of each property; one of so many fails in less than ${upperBoundPercent(run.runs)} %`;
  return { rows: [{ what: run.what, tried, failed, figure }], failed: tried === 0 || failed > 0 };
}

/** A file that does not come to its end is one failure. */
async function runFile(root: string, file: string, run: TestRun): Promise<ReportRow> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-faults-'));
  const written = join(folder, 'report.json');
  try {
    const exitCode = await vitest(root, file, run, written);
    const text = await readFile(written, 'utf8').catch(() => '{}');
    const { numTotalTests: tried = 0, numFailedTests = 0 } = JSON.parse(
      text,
    ) as Partial<VitestReport>;
    const failed = exitCode === 0 && tried > 0 ? 0 : Math.max(1, numFailedTests);
    return { what: file, tried, failed, figure: '' };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function vitest(root: string, file: string, run: TestRun, report: string): Promise<number> {
  const script = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const timeouts = ['--testTimeout=3600000'];
  const args = [
    script,
    'run',
    '--project=faults',
    '--project=hostile',
    ...reporters,
    ...timeouts,
    file,
  ];
  const env = { ...process.env, ...run.env };
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as (number | null)[];
  return code ?? 1;
}
