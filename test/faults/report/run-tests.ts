import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeptPart } from '../kept/kept.ts';
import { recallOrRun } from '../kept/kept-rows.ts';
import { computeUpperBoundPercent } from './figures.ts';
import type { PartReport, ReportRow } from './part.ts';

export interface TestRun {
  readonly what: string;
  /** Below `test/faults`. */
  readonly folder: string;
  /** Sizes that differ from those of `npm test`. */
  readonly env: Readonly<Record<string, string>>;
  /** Histories or inputs per property; undefined: they are no properties. */
  readonly runs?: number;
  readonly kept: KeptPart;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
}

/** Runs test files of the suite with other sizes and counts them. Files with a stored result are not run again. */
export async function runTests(root: string, run: TestRun): Promise<PartReport> {
  const files: string[] = [];
  for await (const file of glob(`test/faults/${run.folder}/*.test.ts`, { cwd: root })) {
    files.push(file);
  }
  const rows: ReportRow[] = [];
  for (const file of files.sort()) {
    const name = [file, ...Object.entries(run.env).map((setting) => setting.join('='))].join(' ');
    rows.push(await recallOrRun(run.kept, name, () => runFile(root, file, run)));
  }
  const tried = rows.reduce((sum, row) => sum + row.tried, 0);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  const figure =
    run.runs === undefined
      ? ''
      : `${run.runs} per property; failure rate below ${computeUpperBoundPercent(run.runs)} %`;
  return { rows: [{ what: run.what, tried, failed, figure }], failed: tried === 0 || failed > 0 };
}

/** A file that does not finish counts as one failure. */
async function runFile(root: string, file: string, run: TestRun): Promise<ReportRow> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-faults-'));
  const written = join(folder, 'report.json');
  try {
    const exitCode = await runVitest(root, file, run, written);
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

async function runVitest(
  root: string,
  file: string,
  run: TestRun,
  report: string,
): Promise<number> {
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
