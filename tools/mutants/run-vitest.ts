import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Stage = 'unit' | 'integration' | 'e2e';

/** The addresses of running servers. */
export interface Servers {
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
}

export interface VitestRun {
  /** A copy of the sources. */
  readonly folder: string;
  readonly stage: Stage;
  /** In this order; none: every test of the stage. */
  readonly tests: readonly { readonly file: string; readonly names: readonly string[] }[];
  readonly limitMs: number;
  /** Ends at the first test that fails. */
  readonly bail: boolean;
  readonly servers: Servers;
  readonly env?: Readonly<Record<string, string>>;
}

export interface VitestVerdict {
  /** `broken`: it ended without a result for any test. */
  readonly outcome: 'passed' | 'failed' | 'timed-out' | 'broken';
  /** The first test that failed: its file, ` > `, and its name. */
  readonly failure: string | undefined;
  /** The end of its output. */
  readonly output: string;
}

/** Of vitest's reporter `json`. */
export interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** The first error outside of its tests. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

const OUTPUT_MAX_CHARS = 4_000;
/** The limit of an argument is 128 KiB. */
const PATTERN_MAX_CHARS = 100_000;

/** Runs tests of a copy in a new process group, which is killed at the limit. */
export async function runVitest(run: VitestRun): Promise<VitestVerdict> {
  const { folder, stage, tests, bail, servers } = run;
  const report = join(folder, `.mutants-${stage}.json`);
  await rm(report, { force: true });
  const child = spawn(process.execPath, argumentsOf(folder, report, tests, bail), {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: servers.databaseUrl,
      KAFKA_BROKERS: servers.brokers.join(','),
      FORCE_COLOR: '0',
      MUTANTS_STAGE: stage,
      // Integration tests rarely start services: bundles of each mutant would cost more than they save.
      ...(stage === 'e2e' ? {} : { LATCHKEY_BUNDLES: '{}' }),
      MUTANTS_FILES: tests.map(({ file }) => file).join('\n'),
      ...run.env,
    },
    detached: true,
    // Descriptor 3 closes when this process ends.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_MAX_CHARS);
    });
  }
  const late = AbortSignal.timeout(run.limitMs);
  late.addEventListener('abort', () => {
    killGroup(child);
  });
  await once(child, 'close');
  if (late.aborted) return { outcome: 'timed-out', failure: undefined, output };
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { outcome: 'broken', failure: undefined, output };
  return verdictOf(JSON.parse(text) as Report, folder, output);
}

function argumentsOf(
  folder: string,
  report: string,
  tests: VitestRun['tests'],
  bail: boolean,
): readonly string[] {
  const endWithParent = pathToFileURL(join(folder, 'tools/end-with-parent.mjs')).href;
  const script = join(folder, 'node_modules/vitest/vitest.mjs');
  const config = join(folder, 'tools/mutants/vitest.config.ts');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  const pattern = patternOf(tests);
  return [
    ...['--import', endWithParent, script, 'run', `--config=${config}`, ...reporters],
    ...(bail ? ['--bail=1'] : []),
    ...(pattern === undefined ? [] : [`--testNamePattern=${pattern}`]),
  ];
}

/** A pattern for the test names of all files together; none if a file is to run whole, or the names are too long. */
function patternOf(tests: VitestRun['tests']): string | undefined {
  if (tests.length === 0 || tests.some(({ names }) => names.length === 0)) return undefined;
  const names = tests.flatMap((one) => one.names).map((name) => RegExp.escape(name));
  const pattern = `^(${names.join('|')})$`;
  return pattern.length > PATTERN_MAX_CHARS ? undefined : pattern;
}

/**
 * Parses a report of vitest.
 *
 * @param folder - that its files are in
 */
export function verdictOf(report: Report, folder: string, output: string): VitestVerdict {
  const nameIn = (name: string): string =>
    name.startsWith(folder) ? name.slice(folder.length + 1) : name;
  const failures = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => [nameIn(name), ...test.ancestorTitles, test.title].join(' > ')),
  );
  // A file that was not started, because another one failed, has failed without a message.
  const unloaded = report.testResults
    .filter(({ status }) => status === 'failed')
    .filter(({ message, assertionResults }) => message !== '' || assertionResults.length > 0)
    .map(({ name }) => `${nameIn(name)} > (the file does not load)`);
  const [failure] = [...failures, ...unloaded];
  if (failure !== undefined) return { outcome: 'failed', failure, output };
  // A pattern that matches no name skips every test: no result.
  const isSaid = report.success && report.numPassedTests > 0;
  return { outcome: isSaid ? 'passed' : 'broken', failure: undefined, output };
}

function killGroup({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}
