import { parseArgs } from 'node:util';
import { PART_NAMES } from './context.ts';
import type { PartName } from './report/results.ts';
import { writeReport } from './report/write.ts';
import { runBench } from './run-bench.ts';
import { FULL, QUICK } from './sizes.ts';

const USAGE = `npm run bench -- [--quick | --only <parts>] [settings]

Parts, all of them unless --only names some (comma separated):
  throughput  a backlog drained by each arm, side by side: naive, Latchkey, raw floor, pg-transactional-outbox
  ablations   Latchkey without validation, claim, audit, outbox, one at a time
  latency     open loop at shares of the capacity
  relay       a relay alone with a full outbox
  backlog     memory behind 10⁶ events

Settings:
  --quick        few and short rounds, under 5 minutes
  --rounds N     of each arm
  --write        also with --quick or --only: results, report and plots below docs/
  --report       measures nothing; makes report and plots anew from the results that are there

A whole run takes under 30 minutes and writes docs/performance.md. It wants the machine for itself. Servers come from DATABASE_URL and
KAFKA_BROKERS, else from Docker, else from processes of this machine; CPU time is only known of servers on this machine.
Exit code 1 where an arm has lost or doubled something.`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    write: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

function partsOf(only: string | undefined): readonly PartName[] {
  if (only === undefined) return PART_NAMES;
  const wanted = only.split(',');
  const unknown = wanted.filter((name) => !PART_NAMES.some((known) => known === name));
  if (unknown.length > 0) throw new RangeError(`--only: expected ${PART_NAMES.join(', ')}`);
  return PART_NAMES.filter((name) => wanted.includes(name));
}

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else if (values.report) {
  await writeReport();
} else {
  const sizes = values.quick ? QUICK : FULL;
  const isSound = await runBench({
    parts: partsOf(values.only),
    sizes: values.rounds === undefined ? sizes : { ...sizes, rounds: Number(values.rounds) },
    command: ['npm run bench', ...argumentsGiven()].join(' '),
    isWritten: values.write || (!values.quick && values.only === undefined),
    print,
  });
  process.exitCode = isSound ? 0 : 1;
}

function argumentsGiven(): readonly string[] {
  const given = process.argv.slice(2);
  return given.length === 0 ? [] : ['--', ...given];
}
