import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Coverage, type Selected, testsOf } from './coverage.ts';
import { applied, type Mutant } from './mutant.ts';
import { runVitest, type Servers, type Stage } from './run-vitest.ts';

/** What the tests said about a mutant. */
export interface MutantResult {
  readonly key: string;
  readonly outcome: 'killed' | 'survived' | 'broken';
  /** The test that failed, or `time` where the tests took far longer than without the mutant. */
  readonly by: string | undefined;
  readonly tookMs: number;
}

export interface Trial {
  /** A copy of the sources, for this mutant alone. */
  readonly folder: string;
  readonly coverage: Coverage;
  readonly servers: Servers;
  /** The test that killed it when the sources or the tests were others: it is asked first. */
  readonly hint: string | undefined;
}

/** So many times as long as the tests take without a mutant, and the start of the process. */
const LIMIT_FACTOR = 5;
const LIMIT_BASE_MS = 120_000;
const E2E_LIMIT_MS = 900_000;
/** The relay talks to a broker: its tests are here. */
const E2E_OF_RELAY = [
  'relay-statements',
  'relay',
  'relay-refusals',
  'relay-replay',
  'relay-rebase',
  'relay-rebase-outbox',
  'relay-repartition',
].map((name): Selected => ({ file: `test/e2e/${name}.test.ts`, names: [], tookMs: 0 }));

/** Puts the mutant into the copy, runs the tests that reach it until one fails, and takes it out again. */
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
  for (const { stage, tests } of stagesOf(mutant, trial)) {
    if (tests.length === 0) continue;
    const { folder, servers } = trial;
    const limitMs = limitOf(stage, tests);
    const run = { folder, stage, tests, limitMs, servers, bail: true };
    const { outcome, failure } = await runVitest(run);
    if (outcome === 'failed') return { outcome: 'killed', by: failure };
    if (outcome === 'timed-out') return { outcome: 'killed', by: 'time' };
    if (outcome === 'broken') return { outcome: 'broken', by: undefined };
  }
  return { outcome: 'survived', by: undefined };
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
  const isOfRelay =
    mutant.area === 'relay' || mutant.file.startsWith('packages/postgres/src/relay/');
  if (isOfRelay) stages.push({ stage: 'e2e', tests: E2E_OF_RELAY });
  return [...hinted(hint, stages), ...stages];
}

/** Only the test that is hinted at, where it still reaches the mutant. */
function hinted(hint: string | undefined, stages: readonly StageTests[]): readonly StageTests[] {
  const [file, name] = hint?.split(' > ') ?? [];
  if (file === undefined || name === undefined) return [];
  return stages.flatMap(({ stage, tests }) => {
    const found = tests.find((one) => one.file === file);
    return found === undefined ? [] : [{ stage, tests: [{ ...found, names: namesOf(name) }] }];
  });
}

function namesOf(name: string): readonly string[] {
  return name.startsWith('(') ? [] : [name];
}

function limitOf(stage: Stage, tests: readonly Selected[]): number {
  if (stage === 'e2e') return E2E_LIMIT_MS;
  const tookMs = tests.reduce((sum, one) => sum + one.tookMs, 0);
  return Math.ceil(LIMIT_BASE_MS + LIMIT_FACTOR * tookMs);
}
