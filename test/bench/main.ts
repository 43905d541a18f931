import { CommandLine, countOf, namesOf } from '../../tools/command-line.ts';
import { PART_NAMES, QUICK_PARTS } from './context.ts';
import { GROWTH_AXES } from './growth/axes/all.ts';
import { NIGHTS_MIN_COUNT } from './measure/year.ts';
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
  year        nightly snapshots of the same persons: the last week compared with the first
  growth      cost as sizes grow

Settings:
  --quick        throughput, latency and relay in few and short rounds, under 5 minutes
  --rounds N     rounds per arm
  --growth       growth alone, up to 10⁷: hours
  --axes A,B     only these axes of growth: events, identities, inbox, …
  --people N     persons of the part year, and of the growth axes that count facts behind each
  --nights N     nights of the part year, 15 or more; 365 of 10,000 persons take an hour
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
    people: TEXT,
    nights: TEXT,
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
  const { only, rounds, axes, people, nights, pairs, events } = given;
  const known = GROWTH_AXES.map(({ name }) => name);
  return {
    ...given,
    only: only === undefined ? undefined : namesOf('only', only, PART_NAMES),
    rounds: rounds === undefined ? undefined : countOf('rounds', rounds),
    axes: axes === undefined ? undefined : namesOf('axes', axes, known),
    people: people === undefined ? undefined : countOf('people', people),
    nights: nights === undefined ? undefined : nightsOf(nights),
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
    ...(values.people === undefined ? {} : { people: values.people, yearPeople: values.people }),
    ...(values.nights === undefined ? {} : { yearNights: values.nights }),
    ...(values.growth ? { growth: 'long' } : {}),
  };
}

/** The first and the last week do not overlap, and neither contains the first snapshot. */
function nightsOf(text: string): number {
  const nights = countOf('nights', text);
  if (nights < NIGHTS_MIN_COUNT)
    throw new RangeError(`nights: expected ${NIGHTS_MIN_COUNT} or more`);
  return nights;
}

/** True for a complete run. Partial runs do not write the report. */
function isWhole(): boolean {
  return !values.quick && values.only === undefined && values.axes === undefined;
}

function argumentsGiven(): readonly string[] {
  const given = process.argv.slice(2);
  return given.length === 0 ? [] : ['--', ...given];
}
