import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, expect, type TestContext } from 'vitest';
import { type FileCoverage, statementId } from './coverage.ts';

/** Runs before each test file of the instrumented copy: records which mutants each of its tests reaches. */

interface Namespace {
  currentTestId?: string;
  mutantCoverage?: { perTest: Record<string, Record<string, number>> };
}

/** Mutants reached while no test runs: while modules load, before and after all tests. */
const NO_TEST = '*';

const shared = globalThis as { __stryker__?: Namespace };
const namespace = (shared.__stryker__ ??= {});
namespace.currentTestId = NO_TEST;
const statements = new Map<string, Set<string>>();
const durations = new Map<string, number>();
const failed = new Set<string>();
const loadedMs = performance.now();
let preparedMs: number | undefined;
let startedMs = 0;

// A statement is built when its file loads, and counts as reached when it runs.
const client = pg.Client.prototype as { query: (this: unknown, ...args: unknown[]) => unknown };
const { query } = client;
client.query = function (...args) {
  const [config] = args as [{ readonly name?: string } | string | undefined];
  const test = namespace.currentTestId ?? NO_TEST;
  if (typeof config === 'object' && config.name !== undefined) {
    const own = statements.get(test) ?? new Set<string>();
    statements.set(test, own.add(statementId(config.name)));
  }
  return query.apply(this, args);
};

beforeEach((context) => {
  const name = nameOf(context);
  namespace.currentTestId = name;
  context.onTestFailed(() => {
    failed.add(name);
  });
  startedMs = performance.now();
  preparedMs ??= startedMs - loadedMs;
});

afterEach((context) => {
  durations.set(nameOf(context), performance.now() - startedMs);
  namespace.currentTestId = NO_TEST;
});

afterAll(async () => {
  const filepath = expect.getState().testPath ?? '';
  const folder = process.env['MUTANTS_COVERAGE'] ?? '';
  const perTest = namespace.mutantCoverage?.perTest ?? {};
  const idsOf = (test: string): readonly string[] => [
    ...Object.keys(perTest[test] ?? {}),
    ...(statements.get(test) ?? []),
  ];
  const coverage: FileCoverage = {
    file: filepath.slice(process.cwd().length + 1),
    reachedBefore: idsOf(NO_TEST),
    preparedMs: preparedMs ?? 0,
    // A test that fails without a mutant tells nothing about one.
    tests: [...durations]
      .filter(([name]) => !failed.has(name))
      .map(([name, tookMs]) => ({ name, tookMs, reached: idsOf(name) })),
  };
  const name = createHash('sha256').update(filepath).digest('hex').slice(0, 16);
  await writeFile(`${folder}/${name}.json`, JSON.stringify(coverage));
});

/** As `--testNamePattern` sees it: with the names of its suites. */
function nameOf({ task }: TestContext): string {
  return task.fullTestName;
}
