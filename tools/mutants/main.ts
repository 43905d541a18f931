/** `npm run mutants`: are the tests able to fail? See CONTRIBUTING.md. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copySources } from '../../test/support/source-copy.ts';
import { openStack } from '../stack/open-stack.ts';
import { acceptedBy } from './accepted.ts';
import { measureCoverage } from './coverage.ts';
import type { Mutant } from './mutant.ts';
import { isGoodEnough, type Judged, reportOf } from './report.ts';
import { coverageOf, openResults, type Results } from './results.ts';
import { sampleOf } from './sample.ts';
import { digestOf, listMutants, readSources, type SourceFile } from './sources.ts';
import { isOfRelay, type MutantResult, type Trial, tryMutant } from './try-mutant.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = `${ROOT}.mutants`;

const USAGE = `npm run mutants [-- settings]

Changes the sources, one change at a time and in a copy, and runs the unit and integration tests that reach it:
the tests must fail. Tries a sample of all such changes.

  --count 200     how many, the same number of domain, contracts, intake, SQL and relay
  --seed 1        of the sample
  --only TEXT     only mutants whose "file:line operator" contains the text; all of these, no sample
  --jobs 2        copies at once
  --list          says which, and tries nothing

What was tried with these sources and tests is kept in .mutants/ and not tried again. Ends with the survivors and a
table; exit code 0 when at least 90 % were killed of those that are not in tools/mutants/accepted.ts, else 1.`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = values.help ? usage() : await main();

function usage(): number {
  process.stdout.write(`${USAGE}\n`);
  return 0;
}

async function main(): Promise<number> {
  const sources = await readSources(ROOT);
  const all = await listMutants(sources);
  const sample = chosen(all);
  print(`${sample.length} of ${all.length} mutants`);
  if (values.list) {
    for (const mutant of sample) print(`${nameOf(mutant)}: ${mutant.before} → ${mutant.after}`);
    return 0;
  }
  const digest = await digestOf(ROOT);
  const results = await openResults(FOLDER, digest);
  const left = sample.filter(({ key }) => results.known(key) === undefined);
  print(`${sample.length - left.length} known, ${left.length} to be tried`);
  if (left.length > 0) await tryAll(left, sources, digest, results);
  const judged = judge(sample, sources, results);
  process.stdout.write(`\n${reportOf(judged)}\n`);
  return isGoodEnough(judged) ? 0 : 1;
}

function chosen(all: readonly Mutant[]): readonly Mutant[] {
  const { only } = values;
  if (only !== undefined) return all.filter((mutant) => nameOf(mutant).includes(only));
  return sampleOf(all, { seed: Number(values.seed), count: Number(values.count) });
}

async function tryAll(
  left: readonly Mutant[],
  sources: readonly SourceFile[],
  digest: string,
  results: Results,
): Promise<void> {
  await using stack = await openStack({ log: print });
  const { databaseUrl, brokers } = stack;
  const servers = { databaseUrl, brokers };
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  // Reads all of them now: the checkout may change while mutants run.
  await using copies = new AsyncDisposableStack();
  const made = await Promise.all(
    Array.from({ length: Number(values.jobs) + 1 }, () => copySources()),
  );
  const [instrumented, ...folders] = made.map((copy) => copies.use(copy).folder);
  const coverage = await coverageOf(FOLDER, digest, () =>
    measureCoverage(instrumented ?? '', texts, servers, print),
  );
  // Mutants that need end-to-end tests take minutes, and come last.
  const queue = left.toSorted((a, b) => Number(isOfRelay(a)) - Number(isOfRelay(b)));
  const work = async (folder: string): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const trial: Trial = {
        folder,
        coverage,
        servers,
        hint: results.hint(mutant.key),
      };
      const result = await tryMutant(mutant, trial);
      await results.add(result);
      print(`${left.length - queue.length}/${left.length} ${lineOf(mutant, result)}`);
    }
  };
  await Promise.all(folders.map(work));
}

function judge(
  sample: readonly Mutant[],
  sources: readonly SourceFile[],
  results: Results,
): readonly Judged[] {
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  return sample.map((mutant) => ({
    mutant,
    result: results.known(mutant.key),
    accepted: acceptedBy(mutant, texts.get(mutant.file) ?? ''),
  }));
}

function lineOf(mutant: Mutant, { outcome, by, tookMs }: MutantResult): string {
  const how = by === undefined ? '' : ` by ${by}`;
  return `${nameOf(mutant)}: ${outcome}${how} (${(tookMs / 1_000).toFixed(1)} s)`;
}

function nameOf({ file, line, operator }: Mutant): string {
  return `${file}:${line} ${operator}`;
}

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}
