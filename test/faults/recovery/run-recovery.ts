import { openStack } from '../../../tools/stack/open-stack.ts';
import { type Arena, openArena } from '../arena/arena.ts';
import type { KeptPart } from '../kept/kept.ts';
import { computeQuantile } from '../report/figures.ts';
import type { PartReport, ReportRow } from '../report/part.ts';
import { RECOVERY_FAULTS, type RecoveryFault, type RecoveryTarget } from './faults.ts';
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts';

export interface RecoveryOptions {
  readonly rounds: number;
  /** Only these faults (comma separated); default: all. */
  readonly only?: string | undefined;
  readonly kept: KeptPart;
  readonly print: (line: string) => void;
}

/** One fault and its effect. All in milliseconds. */
export interface Round {
  /** From the fault to the first message of an event that was sent after it. */
  readonly firstMs: number;
  /** Longest time of an affected event from its sender to a `read_committed` reader. */
  readonly longestMs: number;
  /** Downtime of the restarted server; 0 without a restart. */
  readonly downMs: number;
}

/** Limit for recovery without intervention, counted from the fault or from the restart of the server. */
const GOAL_MS = 10_000;
/** Events sent within this time are affected by the fault, in every partition. */
const AFFECTED_MS = 1_000;
/** Events sent up to this long before the fault belong to the round. */
const BEFORE_MS = 2_000;
/** Defaults of the services. */
const DEFAULTS = { SESSION_TIMEOUT_SECONDS: '6', READ_THROUGH_MARGIN_SECONDS: '5' } as const;

/** Injects each fault several times under steady load, and measures the recovery. */
export async function runRecovery(options: RecoveryOptions): Promise<PartReport> {
  const wanted = options.only?.split(',') ?? Object.keys(RECOVERY_FAULTS);
  const rows: ReportRow[] = [];
  for (const brokers of [1, 3] as const) {
    const faults = wanted.flatMap((name) => {
      const fault = RECOVERY_FAULTS[name];
      return fault?.brokers === brokers ? [[name, fault] as const] : [];
    });
    const known = (name: string): ReportRow | undefined =>
      options.kept.recall(resultNameOf(name, options)) as ReportRow | undefined;
    rows.push(...faults.flatMap(([name]) => known(name) ?? []));
    const left = faults.filter(([name]) => known(name) === undefined);
    if (left.length > 0) rows.push(...(await measureFaults(brokers, left, options)));
  }
  return { rows, failed: rows.some(({ failed }) => failed > 0) };
}

async function measureFaults(
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
    await using steady = await startSteadyLoad(arena, `${name.replaceAll(' ', '-')}-`);
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const one = await measureRound({ stack, arena }, fault, steady);
        measured.push(one);
        print(`${name} ${round}: ${JSON.stringify(one)}`);
        printWarningsOf(one, arena, print);
      }
      const row = rowOf(name, measured);
      rows.push(row);
      if (row.failed === 0) await kept.keep(resultNameOf(name, options), row);
    } catch (error) {
      // Later rounds would measure the same failure again.
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

/** Measures one fault. Afterwards everything is restored and no event is in flight. */
export async function measureRound(
  target: RecoveryTarget,
  fault: RecoveryFault,
  steady: SteadyLoad,
): Promise<Round> {
  await steady.caughtUp();
  const injectedMs = performance.now();
  const injecting = fault.inject(target).then((restore) => ({ restore, atMs: performance.now() }));
  const [first, injected] = await Promise.all([steady.seenAfter(injectedMs), injecting]);
  await steady.seenUpTo(injectedMs + AFFECTED_MS);
  await steady.caughtUp();
  const waits = steady
    .events()
    .filter(({ sentMs }) => sentMs >= injectedMs - BEFORE_MS)
    .flatMap(({ sentMs, visibleMs }) => (visibleMs === undefined ? [] : [visibleMs - sentMs]));
  await injected.restore?.();
  return {
    firstMs: Math.round(first.visibleMs - injectedMs),
    longestMs: Math.round(Math.max(...waits)),
    downMs: injected.restore === undefined ? Math.round(injected.atMs - injectedMs) : 0,
  };
}

function resultNameOf(fault: string, { rounds }: RecoveryOptions): string {
  return `${fault}/${rounds}`;
}

function recoveryOf({ firstMs, longestMs, downMs }: Round): number {
  return Math.max(firstMs, longestMs) - downMs;
}

function rowOf(name: string, rounds: readonly Round[]): ReportRow {
  const figures = (of: (round: Round) => number): string => {
    const all = rounds.map(of);
    return `p50 ${computeQuantile(all, 0.5)} ms, p99 ${computeQuantile(all, 0.99)} ms`;
  };
  return {
    what: `recovery: ${name}`,
    tried: rounds.length,
    failed: rounds.filter((round) => recoveryOf(round) > GOAL_MS).length,
    figure: [
      `recovered ${figures(recoveryOf)} after`,
      `first message ${figures(({ firstMs }) => firstMs)}`,
      `longest wait ${figures(({ longestMs }) => longestMs)}`,
      `server down ${figures(({ downMs }) => downMs)}`,
    ].join('; '),
  };
}

/** Prints where unseen events are, and the warnings of the processes. */
async function explain(
  arena: Arena,
  steady: SteadyLoad,
  print: (line: string) => void,
): Promise<void> {
  const missing = steady.missing();
  const rows = await arena.database.query<{ processed: number; published: number }>(
    `select (select count(*)::integer from identity where identity_id::text = any ($1)) as processed,
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

/** Prints the last warnings of each process. */
function printWarnings({ members }: Arena, print: (line: string) => void): void {
  for (const { name, output } of members) {
    const lines = output()
      .split('\n')
      .filter((line) => /"level":"(warn|error)"|partitions assigned|topic acquired/.test(line))
      .slice(-LINES);
    for (const line of lines) print(`  ${name}: ${line.slice(0, 400)}`);
  }
}
