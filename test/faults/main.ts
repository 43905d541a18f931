import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { CommandLine, countOf, namesOf } from '../../tools/command-line.ts';
import { openStack } from '../../tools/stack/open-stack.ts';
import type { Servers } from './arena/arena.ts';
import { DISASTERS } from './disasters/all.ts';
import { runDisasters } from './disasters/run-disasters.ts';
import { digestOfSources } from './kept/digest.ts';
import { type KeptPart, openKept } from './kept/kept.ts';
import { recallOrRunPart } from './kept/kept-rows.ts';
import { runNemesis } from './nemesis/run-nemesis.ts';
import { runPlanted } from './planted/run-planted.ts';
import { RECOVERY_FAULTS } from './recovery/faults.ts';
import { runRecovery } from './recovery/run-recovery.ts';
import type { PartReport } from './report/part.ts';
import { printTable } from './report/print-table.ts';
import { type PartTime, printTimes } from './report/print-times.ts';
import { runTests } from './report/run-tests.ts';
import { type FaultCase, parseCase } from './sweep/case.ts';
import { runOneCase, runSweep } from './sweep/run-sweep.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const USAGE = `npm run faults -- [--only <parts>] [settings]

Parts; --only selects some (comma separated):
  histories   simulated histories against the reference, in process and on a real database
  hostile     hostile input, generated from a grammar, in process and against a reconciler
  memory      long records of persons within the memory of the image, at full size
  sweep       every failpoint × {kill, stop, cut, error} × seeds
  nemesis     random faults under load on three brokers
  disasters   each repaired by the steps of docs/operations.md
  recovery    recovery times after restarts and kills
  planted     twenty-six planted defects, one at a time; the checks must catch each

Results of passed cases are stored (--results), so that an interrupted run resumes with the same sources.

Settings:
  --fresh             discards stored results
  --results FILE      file of stored results (.faults/kept.jsonl)
  --histories 3000    per property
  --inputs 50000      generated inputs per property
  --seeds 5           of the sweep
  --jobs 4            concurrent arenas
  --minutes 5         of the nemesis run
  --seed 1            of the nemesis run and the hostile input
  --disaster NAMES    only these disasters (comma separated)
  --rounds 3          per fault of the recovery part
  --recovery NAMES    only these faults of the recovery part (comma separated)
  --planted [N]       only the planted defects, or only number N
  --case NAME         reruns one case of the sweep and prints its logs: claimed/kill/7

Ends with a table of figures and the duration of each part. Exit code 1 if anything failed, else 0.`;

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

async function runOnOneBroker(
  work: (servers: Servers) => Promise<PartReport>,
): Promise<PartReport> {
  await using stack = await openStack({ log: print });
  const { databaseUrl, brokers } = stack;
  return await work({ databaseUrl, brokers, runId: randomBytes(4).toString('hex') });
}

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

const COMMAND_LINE = new CommandLine({
  command: 'npm run faults --',
  options: {
    only: TEXT,
    histories: TEXT,
    inputs: TEXT,
    seeds: TEXT,
    jobs: TEXT,
    results: TEXT,
    fresh: FLAG,
    minutes: TEXT,
    seed: TEXT,
    case: TEXT,
    disaster: TEXT,
    rounds: TEXT,
    recovery: TEXT,
    planted: FLAG,
    help: FLAG,
  },
  positionals: ['number...'],
  usage: '[--only PARTS] [settings], which --help lists',
});

const PART_NAMES = [
  'histories',
  'hostile',
  'memory',
  'sweep',
  'nemesis',
  'disasters',
  'recovery',
  'planted',
] as const;
type PartName = (typeof PART_NAMES)[number];

const COUNTS = {
  histories: '3000',
  inputs: '50000',
  seeds: '5',
  jobs: '4',
  minutes: '5',
  seed: '1',
  rounds: '3',
};

/** Parsed before the first part starts, because parts may take hours. */
const wanted = COMMAND_LINE.readOrExit((given) => {
  const { only, planted, positionals, results = `${ROOT}.faults/kept.jsonl` } = given;
  const count = (name: keyof typeof COUNTS) => countOf(name, given[name] ?? COUNTS[name]);
  return {
    help: given.help,
    parts: partsOf(planted, only),
    histories: count('histories'),
    inputs: count('inputs'),
    seeds: count('seeds'),
    jobs: count('jobs'),
    results,
    fresh: given.fresh,
    minutes: count('minutes'),
    seed: count('seed'),
    case: given.case === undefined ? undefined : parseCase(given.case),
    disaster: listOf('disaster', given.disaster, DISASTERS),
    rounds: count('rounds'),
    recovery: listOf('recovery', given.recovery, RECOVERY_FAULTS),
    defect: defectOf(planted, positionals),
  };
});

function listOf(name: string, list: string | undefined, known: object): string | undefined {
  return list === undefined ? undefined : namesOf(name, list, Object.keys(known)).join(',');
}

function defectOf(isPlanted: boolean, positionals: readonly string[]): number | undefined {
  const [first, second] = positionals;
  if (first === undefined) return undefined;
  if (!isPlanted || second !== undefined)
    throw new RangeError(`not understood: ${second ?? first}`);
  return countOf('planted', first);
}

function partsOf(isPlanted: boolean, only: string | undefined): readonly PartName[] {
  if (isPlanted && only !== undefined) throw new RangeError('--planted: not together with --only');
  if (isPlanted) return ['planted'];
  return only === undefined ? PART_NAMES : namesOf('only', only, PART_NAMES);
}

const PARTS: Readonly<Record<PartName, (kept: KeptPart) => Promise<PartReport>>> = {
  histories: (kept) =>
    runTests(ROOT, {
      what: 'simulated histories',
      folder: 'histories',
      env: { HISTORIES: String(wanted.histories) },
      runs: wanted.histories,
      kept,
    }),
  hostile: (kept) =>
    runTests(ROOT, {
      what: 'hostile input',
      folder: 'hostile',
      env: { FAULTS_INPUTS: String(wanted.inputs), FAULTS_SEED: String(wanted.seed) },
      runs: wanted.inputs,
      kept,
    }),
  memory: (kept) =>
    runTests(ROOT, {
      what: 'long records within the memory of the image',
      folder: 'memory',
      env: { FAULTS_RECORDS: 'whole' },
      kept,
    }),
  sweep: (kept) => {
    const options = { seeds: wanted.seeds, jobs: wanted.jobs, kept, print };
    return runOnOneBroker((servers) => runSweep(servers, options));
  },
  nemesis: (kept) =>
    recallOrRunPart(kept, `minutes=${wanted.minutes} seed=${wanted.seed}`, () =>
      runNemesis({ minutes: wanted.minutes, seed: wanted.seed, print }),
    ),
  disasters: (kept) => runDisasters({ only: wanted.disaster, kept, print }),
  recovery: (kept) => runRecovery({ rounds: wanted.rounds, only: wanted.recovery, kept, print }),
  planted: (kept) =>
    runOnOneBroker((servers) =>
      runPlanted(servers, { only: wanted.defect, jobs: wanted.jobs, kept, print }),
    ),
};

/** Prints the results; true if nothing failed. */
async function runAll(): Promise<boolean> {
  const kept = await openKept(wanted.results, await digestOfSources(ROOT), wanted.fresh);
  print(kept.run === 1 ? 'no stored results for these sources' : `run ${kept.run}, resumed`);
  const reports: PartReport[] = [];
  const times: PartTime[] = [];
  for (const name of wanted.parts) {
    print(`part: ${name}`);
    const own = kept.part(name);
    reports.push(await PARTS[name](own).catch((error: unknown) => reportAborted(name, error)));
    await own.spent();
    times.push({ part: name, tookMs: own.tookMs() });
  }
  printTable(reports.flatMap(({ rows }) => rows));
  printTimes(times, kept.run);
  return !reports.some(({ failed }) => failed);
}

async function runCaseAgain(one: FaultCase): Promise<boolean> {
  const report = await runOnOneBroker((servers) => runOneCase(servers, one, print));
  printTable(report.rows);
  return !report.failed;
}

/** The report of a part that threw. The other parts still run. */
function reportAborted(name: string, error: unknown): PartReport {
  print(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const figure = error instanceof Error ? error.message : String(error);
  return { rows: [{ what: `${name}: aborted`, tried: 1, failed: 1, figure }], failed: true };
}

if (wanted.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const passed = await (wanted.case === undefined ? runAll() : runCaseAgain(wanted.case));
  process.exitCode = passed ? 0 : 1;
}
