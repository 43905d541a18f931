import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Coverage, type Selected, testsOf } from './coverage.ts';
import { applied, type Mutant } from './mutant.ts';
import { runVitest, type Servers, type Stage, type VitestVerdict } from './run-vitest.ts';

/** The result of the tests for a mutant. */
export interface MutantResult {
  readonly key: string;
  readonly outcome: 'killed' | 'survived' | 'broken';
  /** The test that failed, or `time` if the tests ran far longer than without the mutant. */
  readonly by: string | undefined;
  readonly tookMs: number;
}

export interface Trial {
  /** A copy of the sources, for this mutant alone. */
  readonly folder: string;
  readonly coverage: Coverage;
  readonly servers: Servers;
  /** The test that killed it with earlier sources or tests: it runs first. */
  readonly hint: string | undefined;
}

/** The limit: this multiple of the time without a mutant, plus the start of the process. */
const LIMIT_FACTOR = 5;
const LIMIT_BASE_MS = 120_000;
const E2E_LIMIT_MS = 900_000;
/** The end-to-end tests of the relay, which needs a broker. */
const E2E_OF_RELAY = [
  'relay-statements',
  'relay',
  'relay-refusals',
  'relay-replay',
  'relay-replay-interrupted',
  'relay-rebase',
  'relay-rebase-outbox',
  'relay-repartition',
].map((name): Selected => ({ file: `test/e2e/${name}.test.ts`, names: [], tookMs: 0 }));

/** Writes the mutant into the copy, runs the tests that reach it until one fails, and removes it again. */
export async function tryMutant(mutant: Mutant, trial: Trial): Promise<MutantResult> {
  const startedMs = performance.now();
  const path = join(trial.folder, mutant.file);
  const text = await readFile(path, 'utf8');
  await writeFile(path, applied(text, mutant));
  try {
    const verdict = await askTests(mutant, trial);
    return { key: mutant.key, ...verdict, tookMs: Math.round(performance.now() - startedMs) };
  } finally {
    await writeFile(path, text);
  }
}

type Verdict = Pick<MutantResult, 'outcome' | 'by'>;

async function askTests(mutant: Mutant, trial: Trial): Promise<Verdict> {
  for (const stage of stagesOf(mutant, trial)) {
    const verdict = await askStage(stage, trial);
    if (verdict !== undefined) return verdict;
  }
  return { outcome: 'survived', by: undefined };
}

/**
 * Returns undefined if all of these tests pass. If one fails, its file runs once more, alone: another file in the same
 * process, or a busy machine, may have made it fail. Tests of one file use each other's rows, so they run together.
 */
async function askStage(
  { stage, tests }: StageTests,
  { folder, servers }: Trial,
): Promise<Verdict | undefined> {
  const ask = (some: readonly Selected[]): Promise<VitestVerdict> =>
    runVitest({
      folder,
      stage,
      tests: some,
      limitMs: limitOf(stage, some),
      servers,
      bail: true,
    });
  let left = tests;
  while (left.length > 0) {
    const first = await ask(left);
    if (first.outcome === 'passed') return undefined;
    if (first.outcome === 'timed-out') return { outcome: 'killed', by: 'time' };
    const suspect = fileOf(first.failure, left);
    if (suspect === undefined) return { outcome: 'broken', by: undefined };
    const again = await ask([suspect]);
    if (again.outcome === 'timed-out') return { outcome: 'killed', by: 'time' };
    if (again.outcome === 'failed') return { outcome: 'killed', by: again.failure };
    if (again.outcome === 'broken') return { outcome: 'broken', by: undefined };
    left = left.slice(left.indexOf(suspect) + 1);
  }
  return undefined;
}

/** True if the end-to-end tests of the relay run for it, too. */
export function isOfRelay({ area, file }: Mutant): boolean {
  return area === 'relay' || file.startsWith('packages/postgres/src/relay/');
}

/** The tests to run of the file of a failure, `file > name`. */
function fileOf(failure: string | undefined, tests: readonly Selected[]): Selected | undefined {
  const [file] = failure?.split(' > ') ?? [];
  return tests.find((one) => one.file === file);
}

interface StageTests {
  readonly stage: Stage;
  readonly tests: readonly Selected[];
}

function stagesOf(mutant: Mutant, { coverage, hint }: Trial): readonly StageTests[] {
  const stages: StageTests[] = (['unit', 'integration'] as const).map((stage) => ({
    stage,
    tests: testsOf(mutant, coverage, stage),
  }));
  if (isOfRelay(mutant)) stages.push({ stage: 'e2e', tests: E2E_OF_RELAY });
  const hinted = stages
    .map(({ stage, tests }): StageTests => ({ stage, tests: named(hint, tests) }))
    .filter(({ tests }) => tests.length > 0);
  return [...hinted, ...stages];
}

/** The test with this name, `file > name`; all tests of the file if it did not load. */
function named(name: string | undefined, tests: readonly Selected[]): readonly Selected[] {
  const [file, ...words] = name?.split(' > ') ?? [];
  const test = words.join(' > ');
  const found = tests.find((one) => one.file === file);
  if (found === undefined || test === '') return [];
  return [test.startsWith('(') ? found : { ...found, names: [test] }];
}

function limitOf(stage: Stage, tests: readonly Selected[]): number {
  if (stage === 'e2e') return E2E_LIMIT_MS;
  const tookMs = tests.reduce((sum, one) => sum + one.tookMs, 0);
  return Math.ceil(LIMIT_BASE_MS + LIMIT_FACTOR * tookMs);
}
