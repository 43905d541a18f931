import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { runVitest, type Servers, type Stage } from './run-vitest.ts';
import { type NamedStatement, statementsOf } from './sql/statements.ts';
import { instrument, type NumberedChange } from './typescript-mutants.ts';

/** Which mutants (by the ids of the instrumenter) the tests of one file reach. */
export interface FileCoverage {
  readonly file: string;
  /** Reached while the file loads, and before or after all its tests. */
  readonly reachedBefore: readonly string[];
  /** Reached before its first test began. */
  readonly preparedMs: number;
  readonly tests: readonly TestCoverage[];
}

export interface TestCoverage {
  readonly name: string;
  readonly tookMs: number;
  readonly reached: readonly string[];
}

/** Which tests reach which mutants, from a run of all unit and integration tests without any mutant. */
export interface Coverage {
  readonly files: readonly FileCoverage[];
  /** By file: the position of each change of the instrumenter. */
  readonly changes: Readonly<Record<string, readonly NumberedChange[]>>;
  /** By file: the position of each statement of SQL. */
  readonly statements: Readonly<Record<string, readonly NamedStatement[]>>;
}

/** Some tests of one file. */
export interface Selected {
  readonly file: string;
  /** Empty: all of them. */
  readonly names: readonly string[];
  readonly tookMs: number;
}

const COVERAGE_LIMIT_MS = 3_600_000;

/**
 * Runs all unit and integration tests on this copy of the sources, which is instrumented for it. Tests
 * that fail there (they may measure time) are named, and run for no mutant.
 */
export async function measureCoverage(
  root: string,
  sources: ReadonlyMap<string, string>,
  servers: Servers,
  print: (line: string) => void,
): Promise<Coverage> {
  const folder = join(root, '.mutants-coverage');
  await mkdir(folder);
  const changes: Record<string, readonly NumberedChange[]> = {};
  const statements: Record<string, readonly NamedStatement[]> = {};
  for (const [file, text] of sources) {
    const instrumented = await instrument(file, text);
    changes[file] = instrumented.changes;
    statements[file] = statementsOf(file, text);
    await writeFile(join(root, file), instrumented.text);
  }
  for (const stage of ['unit', 'integration'] as const) {
    print(`which ${stage} tests reach what`);
    const env = { MUTANTS_COVERAGE: folder };
    const run = { folder: root, stage, tests: [], limitMs: COVERAGE_LIMIT_MS, env, servers };
    const { outcome, failure, output } = await runVitest({ ...run, bail: false });
    if (outcome !== 'passed') print(`${stage} tests without a mutant: ${failure ?? output}`);
  }
  const files: FileCoverage[] = [];
  for await (const file of glob(join(folder, '*.json'))) {
    files.push(JSON.parse(await readFile(file, 'utf8')) as FileCoverage);
  }
  await rm(folder, { recursive: true });
  return { files, changes, statements };
}

/** The tests that reach a mutant, the quickest files first. */
export function testsOf(mutant: Mutant, coverage: Coverage, stage: Stage): readonly Selected[] {
  const own = coverage.files.filter(({ file }) => stageOf(file) === stage);
  const run = runIn(mutant, coverage);
  if (run.size > 0) return bySpeed(own.flatMap((one) => running(one, run)));
  const ids = idsAround(mutant, coverage.changes[mutant.file] ?? []);
  const direct = own.flatMap((one) =>
    selected(one, (test) => test.reached.some((id) => ids.has(id))),
  );
  const found =
    direct.length > 0
      ? direct
      : own
          .filter(({ reachedBefore }) => reachedBefore.some((id) => ids.has(id)))
          .map(whole)
          .filter(({ names }) => names.length > 0);
  return bySpeed(found);
}

/** The name by which a test reaches a statement that it runs. */
export function statementId(name: string): string {
  return `statement ${name}`;
}

/** The statement of SQL that contains the mutant; undefined in a piece of several statements, or outside of SQL. */
function runIn({ area, file, start, end }: Mutant, { statements }: Coverage): ReadonlySet<string> {
  if (area !== 'sql') return new Set();
  const around = (statements[file] ?? []).filter((one) => one.start <= start && end <= one.end);
  return new Set(around.map(({ name }) => statementId(name)));
}

/** The tests of a file that run one of these statements; all of them if it runs before they begin. */
function running(one: FileCoverage, statements: ReadonlySet<string>): readonly Selected[] {
  const isRun = (reached: readonly string[]): boolean => reached.some((id) => statements.has(id));
  if (!isRun(one.reachedBefore)) return selected(one, ({ reached }) => isRun(reached));
  return one.tests.length === 0 ? [] : [whole(one)];
}

function bySpeed(tests: readonly Selected[]): readonly Selected[] {
  return tests.toSorted((a, b) => a.tookMs - b.tookMs);
}

/**
 * The changes of the instrumenter that are reached when the mutant is: the same one, or else the
 * smallest that contains it; for a piece of SQL that is built when the file loads, all of the file.
 */
function idsAround(mutant: Mutant, changes: readonly NumberedChange[]): ReadonlySet<string> {
  const around = changes
    .filter(({ start, end }) => start <= mutant.start && mutant.end <= end)
    .toSorted((a, b) => a.end - a.start - (b.end - b.start));
  const [first] = around;
  const isPiece =
    mutant.area === 'sql' && around.every(({ operator }) => operator === 'StringLiteral');
  if (first === undefined || isPiece) return new Set(changes.map(({ id }) => id));
  return new Set([first.id]);
}

function selected(
  one: FileCoverage,
  reaches: (test: TestCoverage) => boolean,
): readonly Selected[] {
  const tests = one.tests.filter(reaches);
  if (tests.length === 0) return [];
  return [
    { file: one.file, names: tests.map(({ name }) => name), tookMs: one.preparedMs + sum(tests) },
  ];
}

function whole({ file, tests, preparedMs }: FileCoverage): Selected {
  return { file, names: tests.map(({ name }) => name), tookMs: preparedMs + sum(tests) };
}

function sum(tests: readonly TestCoverage[]): number {
  return tests.reduce((total, { tookMs }) => total + tookMs, 0);
}

function stageOf(file: string): Stage {
  if (file.startsWith('test/integration/')) return 'integration';
  return file.startsWith('test/e2e/') ? 'e2e' : 'unit';
}
