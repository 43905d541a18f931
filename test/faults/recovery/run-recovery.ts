import { openStack } from '../../../tools/stack/open-stack.ts';
import { type Arena, openArena } from '../arena/arena.ts';
import type { KeptPart } from '../kept/kept.ts';
import { quantile } from '../report/figures.ts';
import type { PartReport, ReportRow } from '../report/part.ts';
import { type Field, RECOVERY_FAULTS, type RecoveryFault } from './faults.ts';
import { openSteady, type Steady } from './steady.ts';

export interface RecoveryOptions {
  readonly rounds: number;
  /** Only these faults (comma separated); all of them if left out. */
  readonly only?: string | undefined;
  readonly kept: KeptPart;
  readonly print: (line: string) => void;
}

/** One fault, and how long it was felt. All in milliseconds. */
export interface Round {
  /** From the fault to the first message of an event that was sent after it. */
  readonly firstMs: number;
  /** The longest that any event of these moments took from its sender to a reader of committed messages. */
  readonly longestMs: number;
  /** The server that was restarted was away for so long; 0 where nothing was. */
  readonly awayMs: number;
}

/** Recovery within this time, without anybody's help; where a server was restarted, from its return on. */
const GOAL_MS = 10_000;
/** Whatever is sent within this time meets the fault, whichever partition it belongs to. */
const FELT_MS = 1_000;
/** Events that were on their way when it struck belong to a round. */
const BEFORE_MS = 2_000;
/** The services' own. */
const DEFAULTS = { SESSION_TIMEOUT_SECONDS: '6', READ_THROUGH_MARGIN_SECONDS: '5' } as const;

/** Strikes under steady load, again and again, and measures how long it takes until all is as before. */
export async function runRecovery(options: RecoveryOptions): Promise<PartReport> {
  const wanted = options.only?.split(',') ?? Object.keys(RECOVERY_FAULTS);
  const rows: ReportRow[] = [];
  for (const brokers of [1, 3] as const) {
    const faults = wanted.flatMap((name) => {
      const fault = RECOVERY_FAULTS[name];
      return fault?.brokers === brokers ? [[name, fault] as const] : [];
    });
    const known = (name: string): ReportRow | undefined =>
      options.kept.recall(keptNameOf(name, options)) as ReportRow | undefined;
    rows.push(...faults.flatMap(([name]) => known(name) ?? []));
    const left = faults.filter(([name]) => known(name) === undefined);
    if (left.length > 0) rows.push(...(await measureOn(brokers, left, options)));
  }
  return { rows, failed: rows.some(({ failed }) => failed > 0) };
}

async function measureOn(
  brokers: 1 | 3,
  faults: readonly (readonly [string, RecoveryFault])[],
  options: RecoveryOptions,
): Promise<readonly ReportRow[]> {
  const { rounds, kept, print } = options;
  await using stack = await openStack({ brokers, local: true });
  const { databaseUrl } = stack;
  const servers = { databaseUrl, brokers: stack.brokers, runId: `recovery${process.pid}` };
  await using arena = await openArena(servers, {
    reconcilers: 2,
    relays: 2,
    partitions: 4,
    env: DEFAULTS,
  });
  const rows: ReportRow[] = [];
  for (const [name, fault] of faults) {
    const measured: Round[] = [];
    await using steady = await openSteady(arena, `${name.replaceAll(' ', '-')}-`);
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const one = await measureRound({ stack, arena }, fault, steady);
        measured.push(one);
        print(`${name} ${round}: ${JSON.stringify(one)}`);
        printWarningsOf(one, arena, print);
      }
      const row = rowOf(name, measured);
      rows.push(row);
      if (row.failed === 0) await kept.keep(keptNameOf(name, options), row);
    } catch (error) {
      // Whatever comes after it would measure the same again.
      await explain(arena, steady, print);
      const figure = `after ${measured.length} rounds: ${error instanceof Error ? error.message : ''}`;
      return [
        ...rows,
        { what: `recovery: ${name}`, tried: measured.length + 1, failed: 1, figure },
      ];
    }
  }
  return rows;
}

/** Afterwards everything is as before, and nothing is under way. */
export async function measureRound(
  field: Field,
  fault: RecoveryFault,
  steady: Steady,
): Promise<Round> {
  await steady.caughtUp();
  const struckMs = performance.now();
  const striking = fault.strike(field).then((putBack) => ({ putBack, atMs: performance.now() }));
  const [first, struck] = await Promise.all([steady.seenAfter(struckMs), striking]);
  await steady.seenUpTo(struckMs + FELT_MS);
  await steady.caughtUp();
  const waits = steady
    .events()
    .filter(({ sentMs }) => sentMs >= struckMs - BEFORE_MS)
    .flatMap(({ sentMs, visibleMs }) => (visibleMs === undefined ? [] : [visibleMs - sentMs]));
  await struck.putBack?.();
  return {
    firstMs: Math.round(first.visibleMs - struckMs),
    longestMs: Math.round(Math.max(...waits)),
    awayMs: struck.putBack === undefined ? Math.round(struck.atMs - struckMs) : 0,
  };
}

function keptNameOf(fault: string, { rounds }: RecoveryOptions): string {
  return `${fault}/${rounds}`;
}

function recoveryOf({ firstMs, longestMs, awayMs }: Round): number {
  return Math.max(firstMs, longestMs) - awayMs;
}

function rowOf(name: string, rounds: readonly Round[]): ReportRow {
  const figures = (of: (round: Round) => number): string => {
    const all = rounds.map(of);
    return `p50 ${quantile(all, 0.5)} ms, p99 ${quantile(all, 0.99)} ms`;
  };
  return {
    what: `recovery: ${name}`,
    tried: rounds.length,
    failed: rounds.filter((round) => recoveryOf(round) > GOAL_MS).length,
    figure: [
      `recovered ${figures(recoveryOf)} after`,
      `first message ${figures(({ firstMs }) => firstMs)}`,
      `longest wait ${figures(({ longestMs }) => longestMs)}`,
      `server away ${figures(({ awayMs }) => awayMs)}`,
    ].join('; '),
  };
}

/** Where those are that nobody has seen. */
async function explain(arena: Arena, steady: Steady, print: (line: string) => void): Promise<void> {
  const missing = steady.missing();
  const rows = await arena.database.query<{ taken: number; published: number }>(
    `select (select count(*)::integer from identity where identity_id::text = any ($1)) as taken,
      (select count(*)::integer from outbox join relay_position using (lane)
        where key = any ($1) and position <= published_through) as published`,
    [missing],
  );
  print(`${missing.length} not seen, of these in the database: ${JSON.stringify(rows)}`);
  printWarnings(arena, print);
}

const LINES = 15;

function printWarningsOf(round: Round, arena: Arena, print: (line: string) => void): void {
  if (recoveryOf(round) > GOAL_MS) printWarnings(arena, print);
}

/** What processes have complained of last. */
function printWarnings({ members }: Arena, print: (line: string) => void): void {
  for (const { name, output } of members) {
    const lines = output()
      .split('\n')
      .filter((line) => /"level":"(warn|error)"|partitions assigned|topic acquired/.test(line))
      .slice(-LINES);
    for (const line of lines) print(`  ${name}: ${line.slice(0, 400)}`);
  }
}
