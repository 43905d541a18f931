import { CommandLine, countOf, namesOf } from '../../tools/command-line.ts';
import { PART_NAMES, QUICK_PARTS } from './context.ts';
import { GROWTH_AXES } from './growth/axes/all.ts';
import { runPairs } from './pairs/run-pairs.ts';
import type { PartName } from './report/results.ts';
import { writeReport } from './report/write.ts';
import { runBench } from './run-bench.ts';
import { FULL, QUICK, type Sizes } from './sizes.ts';

const USAGE = `npm run bench -- [--quick | --only <parts>] [settings]
       npm run bench -- --against <revision> [--pairs N] [--events N] [--quick]

Parts; --only selects some (comma separated):
  throughput  a backlog drained by each arm, side by side: naive, Latchkey, raw floor, pg-transactional-outbox
  ablations   Latchkey without validation, claim, audit, outbox, one at a time
  latency     open loop at shares of the capacity
  relay       a relay with a full outbox, without a reconciler
  backlog     memory with a backlog of 10⁶ events
  growth      cost as sizes grow

Settings:
  --quick        throughput, latency and relay in few and short rounds, under 5 minutes
  --rounds N     rounds per arm
  --growth       growth alone, up to 10⁷: hours
  --axes A,B     only these axes of growth: events, identities, inbox, …
  --write        writes results, report and plots below docs/ also with --quick or --only
  --against REV  compares these sources with another revision (commit, branch, tag) in interleaved pairs: CPU, throughput, latency
                 at 200 events per second
  --pairs N      number of pairs; 7
  --events N     events per measurement of throughput
  --report       measures nothing; regenerates report and plots from the stored results

A whole run takes under 30 minutes on two slow cores and writes docs/performance.md. The machine must be idle otherwise. Servers come from DATABASE_URL and
KAFKA_BROKERS, else from Docker, else from processes of this machine. CPU time is measured only for servers on this machine.
Exit code 1 if an arm has lost or duplicated anything.`;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

const COMMAND_LINE = new CommandLine({
  command: 'npm run bench --',
  options: {
    quick: FLAG,
    only: TEXT,
    rounds: TEXT,
    growth: FLAG,
    axes: TEXT,
    write: FLAG,
    report: FLAG,
    against: TEXT,
    pairs: TEXT,
    events: TEXT,
    help: FLAG,
  },
  usage: '[--quick | --only PARTS] [settings], which --help lists',
});

const values = COMMAND_LINE.readOrExit((given) => {
  const { only, rounds, axes, pairs, events } = given;
  const known = GROWTH_AXES.map(({ name }) => name);
  return {
    ...given,
    only: only === undefined ? undefined : namesOf('only', only, PART_NAMES),
    rounds: rounds === undefined ? undefined : countOf('rounds', rounds),
    axes: axes === undefined ? undefined : namesOf('axes', axes, known),
    pairs: pairs === undefined ? undefined : countOf('pairs', pairs),
    events: events === undefined ? undefined : countOf('events', events),
  };
});

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

function partsWanted(): readonly PartName[] {
  const { growth, only, quick } = values;
  if (growth) return ['growth'];
  if (only === undefined) return quick ? QUICK_PARTS : PART_NAMES;
  return PART_NAMES.filter((name) => only.includes(name));
}

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else if (values.report) {
  await writeReport();
} else if (values.against !== undefined) {
  const sizes = sizesGiven();
  const isSound = await runPairs({
    against: values.against,
    pairs: values.pairs ?? 7,
    events: values.events ?? sizes.events['C'] ?? 40_000,
    latencySeconds: sizes.latencySeconds,
    print,
  });
  process.exitCode = isSound ? 0 : 1;
} else {
  const isSound = await runBench({
    parts: partsWanted(),
    sizes: sizesGiven(),
    ...(values.axes === undefined ? {} : { axes: values.axes }),
    command: ['npm run bench', ...argumentsGiven()].join(' '),
    isWritten: values.write || isWhole(),
    print,
  });
  process.exitCode = isSound ? 0 : 1;
}

function sizesGiven(): Sizes {
  const sizes = values.quick ? QUICK : FULL;
  return {
    ...sizes,
    ...(values.rounds === undefined ? {} : { rounds: values.rounds }),
    ...(values.growth ? { growth: 'long' } : {}),
  };
}

/** True for a complete run. Partial runs do not write the report. */
function isWhole(): boolean {
  return !values.quick && values.only === undefined && values.axes === undefined;
}

function argumentsGiven(): readonly string[] {
  const given = process.argv.slice(2);
  return given.length === 0 ? [] : ['--', ...given];
}
