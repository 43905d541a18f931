import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openStack } from '../support/stack/open-stack.ts';
import type { Servers } from './arena/arena.ts';
import { runDisasters } from './disasters/run-disasters.ts';
import { runNemesis } from './nemesis/run-nemesis.ts';
import { runPlanted } from './planted/run-planted.ts';
import { runRecovery } from './recovery/run-recovery.ts';
import type { PartReport } from './report/part.ts';
import { printTable } from './report/print-table.ts';
import { runTests } from './report/run-tests.ts';
import { caseOf } from './sweep/case.ts';
import { openResults } from './sweep/results.ts';
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
  planted     fifteen defects, one at a time, that the checks must catch

Settings:
  --histories 10000   of each property
  --inputs 100000     generated inputs of each property
  --seeds 15          of the sweep
  --jobs 4            arenas at once
  --results FILE      what has passed is not run again (.faults/sweep.jsonl)
  --minutes 10        of the nemesis run
  --seed 1            of the nemesis run and the hostile input
  --disaster NAMES    only these disasters (comma separated)
  --rounds 10         of each fault of the recovery
  --recovery NAMES    only these faults of the recovery (comma separated)
  --planted [N]       only the planted defects, or the one with this number
  --case NAME         one case of the sweep again, with what its processes wrote: claimed/kill/7

Ends with a table of figures; exit code 0, or 1 where something failed.`;

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

async function onOneBroker(work: (servers: Servers) => Promise<PartReport>): Promise<PartReport> {
  await using stack = await openStack({ log: print });
  const { databaseUrl, brokers } = stack;
  return await work({ databaseUrl, brokers, runId: randomBytes(4).toString('hex') });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    histories: { type: 'string', default: '10000' },
    inputs: { type: 'string', default: '100000' },
    seeds: { type: 'string', default: '15' },
    jobs: { type: 'string', default: '4' },
    results: { type: 'string', default: `${ROOT}.faults/sweep.jsonl` },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    disaster: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    recovery: { type: 'string' },
    planted: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const PARTS: Readonly<Record<string, () => Promise<PartReport>>> = {
  histories: () =>
    runTests(ROOT, {
      what: 'simulated histories',
      folders: ['histories'],
      env: { HISTORIES: values.histories },
      runs: Number(values.histories),
    }),
  hostile: () =>
    runTests(ROOT, {
      what: 'hostile input',
      folders: ['hostile'],
      env: { FAULTS_INPUTS: values.inputs, FAULTS_SEED: values.seed },
      runs: Number(values.inputs),
    }),
  sweep: async () => {
    const results = await openResults(values.results, ROOT);
    const options = { seeds: Number(values.seeds), jobs: Number(values.jobs), results, print };
    return onOneBroker((servers) => runSweep(servers, options));
  },
  nemesis: () => runNemesis({ minutes: Number(values.minutes), seed: Number(values.seed), print }),
  disasters: () => runDisasters({ only: values.disaster, print }),
  recovery: () => runRecovery({ rounds: Number(values.rounds), only: values.recovery, print }),
  planted: () => {
    const [only] = values.planted ? positionals.map(Number) : [];
    return onOneBroker((servers) =>
      runPlanted(servers, { only, jobs: Number(values.jobs), print }),
    );
  },
};

async function runAll(): Promise<readonly PartReport[]> {
  const one = values.case;
  if (one !== undefined) {
    return [await onOneBroker((servers) => runOneCase(servers, caseOf(one), print))];
  }
  const wanted = values.planted ? ['planted'] : (values.only?.split(',') ?? Object.keys(PARTS));
  const reports: PartReport[] = [];
  for (const name of wanted) {
    const part = PARTS[name];
    if (part === undefined)
      throw new RangeError(`--only: expected ${Object.keys(PARTS).join(', ')}`);
    print(`part: ${name}`);
    reports.push(await part().catch((error: unknown) => brokenOff(name, error)));
  }
  return reports;
}

/** What a part that did not come to its end is in the table; the others are run all the same. */
function brokenOff(name: string, error: unknown): PartReport {
  print(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const figure = error instanceof Error ? error.message : String(error);
  return { rows: [{ what: `${name}: broken off`, tried: 1, failed: 1, figure }], failed: true };
}

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const reports = await runAll();
  printTable(reports.flatMap(({ rows }) => rows));
  process.exitCode = reports.some(({ failed }) => failed) ? 1 : 0;
}
