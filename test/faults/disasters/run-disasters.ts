import { openStack } from '../../../tools/stack/open-stack.ts';
import { type Arena, openArena } from '../arena/arena.ts';
import type { KeptPart } from '../kept/kept.ts';
import { recallOrRun } from '../kept/kept-rows.ts';
import type { Finding } from '../oracle/judge.ts';
import { createLedger } from '../oracle/ledger.ts';
import type { PartReport, ReportRow } from '../report/part.ts';
import { DISASTERS } from './all.ts';
import { type Disaster, formatSecondsSince } from './disaster.ts';
import { startLoad } from './load.ts';
import { settle } from './settle.ts';

export interface DisastersOptions {
  /** All of them if left out. */
  readonly only?: string | undefined;
  readonly kept: KeptPart;
  readonly print: (line: string) => void;
}

/** Runs disasters one after the other, each on new servers. */
export async function runDisasters({ only, kept, print }: DisastersOptions): Promise<PartReport> {
  const names = only === undefined ? Object.keys(DISASTERS) : only.split(',');
  const rows: ReportRow[] = [];
  for (const name of names) {
    const disaster = DISASTERS[name];
    if (disaster === undefined) {
      throw new RangeError(`--disaster: expected ${Object.keys(DISASTERS).join(', ')}`);
    }
    print(`disaster: ${name}`);
    rows.push(await recallOrRun(kept, name, () => attempt(name, disaster, print)));
  }
  return { rows, failed: rows.some(({ failed }) => failed > 0) };
}

async function attempt(
  name: string,
  disaster: Disaster,
  print: (line: string) => void,
): Promise<ReportRow> {
  const what = `disaster: ${name}`;
  try {
    const { findings, figure } = await runDisaster(disaster, print);
    for (const { check, detail } of findings) print(`${name}: ${check}: ${detail}`);
    return { what, tried: 1, failed: findings.length, figure };
  } catch (error) {
    const figure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    print(`${name}: ${figure}`);
    return { what, tried: 1, failed: 1, figure: figure.split('\n')[0] ?? '' };
  }
}

/** Runs one disaster. Resolves with the findings of the oracle and the figures. */
export async function runDisaster(
  disaster: Disaster,
  print: (line: string) => void,
): Promise<{ readonly findings: readonly Finding[]; readonly figure: string }> {
  await using owned = new AsyncDisposableStack();
  const stack = owned.use(await openStack({ ...disaster.stack, local: true }));
  const { databaseUrl, brokers } = stack;
  const prepared = await disaster.arena?.(stack, owned);
  const servers = { databaseUrl, brokers, runId: `disaster${process.pid}` };
  const arena = owned.use(
    await openArena(servers, { reconcilers: 2, relays: 2, partitions: 3, ...prepared }),
  );
  try {
    const ledger = createLedger();
    await using load = startLoad(arena, ledger);
    await load.untilPublished();
    const figure = await disaster.run({ stack, arena, load, print });
    await load.untilPublished();
    await load[Symbol.asyncDispose]();
    const startedMs = performance.now();
    const findings = await settle(arena, ledger, disaster);
    const end = `${ledger.deliveries()} deliveries, settled in ${formatSecondsSince(startedMs)}`;
    return { findings, figure: `${figure}; ${end}` };
  } catch (error) {
    printProcesses(arena, print);
    throw error;
  }
}

const LINES = 12;

/** Prints the last lines of each process, for the analysis of a failure. */
function printProcesses({ members }: Arena, print: (line: string) => void): void {
  for (const { name, output } of members) {
    const lines = output().trimEnd().split('\n').slice(-LINES);
    for (const line of lines) print(`  ${name}: ${line.slice(0, 600)}`);
  }
}
