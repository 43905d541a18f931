import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files to run, in this order; empty: every test of the stage. */
const wanted = (process.env['MUTANTS_FILES'] ?? '').split('\n').filter((file) => file !== '');
const stage = process.env['MUTANTS_STAGE'] ?? 'unit';
const STAGES: Readonly<Record<string, readonly string[]>> = {
  unit: ['{packages,services}/*/src/**/*.test.ts'],
  integration: ['test/integration/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
};
const ROOT = new URL('../../', import.meta.url).pathname;

class InOrder extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number =>
      wanted.findIndex((file) => moduleId.endsWith(file));
    return Promise.resolve(files.toSorted((a, b) => placeOf(a) - placeOf(b)));
  }
}

/** One process for all unit tests of a mutant, and limits that a busy machine does not reach. */
export default defineConfig({
  root: ROOT,
  test: {
    name: stage,
    include: wanted.length > 0 ? wanted : [...(STAGES[stage] ?? [])],
    globalSetup: stage === 'unit' ? [] : ['test/support/global-setup.ts'],
    setupFiles:
      process.env['MUTANTS_COVERAGE'] === undefined ? [] : ['tools/mutants/record-coverage.ts'],
    // Files that use servers do not share what they define in their process, such as statements.
    isolate: stage !== 'unit' || process.env['MUTANTS_COVERAGE'] !== undefined,
    maxWorkers: 1,
    sequence: { sequencer: InOrder },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
  },
});
