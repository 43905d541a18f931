import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { CommandLine, countOf, namesOf } from '../../tools/command-line.ts';
import { openStack } from '../../tools/stack/open-stack.ts';
import type { Servers } from './arena/arena.ts';
import { DISASTERS } from './disasters/all.ts';
import { runDisasters } from './disasters/run-disasters.ts';
import { digestOfSources } from './kept/digest.ts';
import { type KeptPart, openKept } from './kept/kept.ts';
import { keptReport } from './kept/kept-rows.ts';
import { runNemesis } from './nemesis/run-nemesis.ts';
import { runPlanted } from './planted/run-planted.ts';
import { RECOVERY_FAULTS } from './recovery/faults.ts';
import { runRecovery } from './recovery/run-recovery.ts';
import type { PartReport } from './report/part.ts';
import { printTable } from './report/print-table.ts';
import { type PartTime, printTimes } from './report/print-times.ts';
import { runTests } from './report/run-tests.ts';
import { caseOf, type FaultCase } from './sweep/case.ts';
import { runOneCase, runSweep } from './sweep/run-sweep.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const USAGE = `npm run faults -- [--only <parts>] [settings]

Parts, all of them unless --only names some (comma separated):
  histories   simulated histories against the reference, in process and on a real database
  hostile     hostile input, generated from a grammar, in process and against a reconciler
  sweep       every failpoint × {kill, stop, cut, error} × seeds
  nemesis     random faults under load on three brokers
  disasters   each as docs/operations.md tells operators to mend it
  recovery    how long restarts and kills are felt
  planted     nineteen defects, one at a time, that the checks must catch

What has passed with these sources is kept (--results), so that a run that was interrupted goes on where it was.

Settings:
  --fresh             everything again, whatever has passed
  --results FILE      where what has passed is kept (.faults/kept.jsonl)
  --histories 3000    of each property
  --inputs 50000      generated inputs of each property
  --seeds 5           of the sweep
  --jobs 4            arenas at once
  --minutes 5         of the nemesis run
  --seed 1            of the nemesis run and the hostile input
  --disaster NAMES    only these disasters (comma separated)
  --rounds 3          of each fault of the recovery
  --recovery NAMES    only these faults of the recovery (comma separated)
  --planted [N]       only the planted defects, or the one with this number
  --case NAME         one case of the sweep again, with what its processes wrote: claimed/kill/7

Ends with a table of figures, and how long each part took; exit code 0, or 1 where something failed.`;

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

async function onOneBroker(work: (servers: Servers) => Promise<PartReport>): Promise<PartReport> {
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

/** Everything is read before the first part runs, which may take hours. */
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
    case: given.case === undefined ? undefined : caseOf(given.case),
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
  sweep: (kept) => {
    const options = { seeds: wanted.seeds, jobs: wanted.jobs, kept, print };
    return onOneBroker((servers) => runSweep(servers, options));
  },
  nemesis: (kept) =>
    keptReport(kept, `minutes=${wanted.minutes} seed=${wanted.seed}`, () =>
      runNemesis({ minutes: wanted.minutes, seed: wanted.seed, print }),
    ),
  disasters: (kept) => runDisasters({ only: wanted.disaster, kept, print }),
  recovery: (kept) => runRecovery({ rounds: wanted.rounds, only: wanted.recovery, kept, print }),
  planted: (kept) =>
    onOneBroker((servers) =>
      runPlanted(servers, { only: wanted.defect, jobs: wanted.jobs, kept, print }),
    ),
};

/** Prints how it went; true where nothing failed. */
async function runAll(): Promise<boolean> {
  const kept = await openKept(wanted.results, await digestOfSources(ROOT), wanted.fresh);
  print(kept.run === 1 ? 'nothing has been tried with these sources' : `run ${kept.run}, goes on`);
  const reports: PartReport[] = [];
  const times: PartTime[] = [];
  for (const name of wanted.parts) {
    print(`part: ${name}`);
    const own = kept.part(name);
    reports.push(await PARTS[name](own).catch((error: unknown) => brokenOff(name, error)));
    await own.spent();
    times.push({ part: name, tookMs: own.tookMs() });
  }
  printTable(reports.flatMap(({ rows }) => rows));
  printTimes(times, kept.run);
  return !reports.some(({ failed }) => failed);
}

async function runCaseAgain(one: FaultCase): Promise<boolean> {
  const report = await onOneBroker((servers) => runOneCase(servers, one, print));
  printTable(report.rows);
  return !report.failed;
}

/** What a part that did not come to its end is in the table; the others are run all the same. */
function brokenOff(name: string, error: unknown): PartReport {
  print(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const figure = error instanceof Error ? error.message : String(error);
  return { rows: [{ what: `${name}: broken off`, tried: 1, failed: 1, figure }], failed: true };
}

if (wanted.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const passed = await (wanted.case === undefined ? runAll() : runCaseAgain(wanted.case));
  process.exitCode = passed ? 0 : 1;
}
