import type { SentRecord } from '../../support/events.ts';
import { type Arena, openArena, type Servers } from '../arena/arena.ts';
import { type Finding, judge } from '../oracle/judge.ts';
import { createLedger, type Ledger } from '../oracle/ledger.ts';
import { diffState, fingerprintState } from '../oracle/replay.ts';
import { generateWorkload } from '../workload/generate.ts';
import { type FaultCase, nameOf } from './case.ts';
import { becomingDue, isDuePoint } from './due.ts';
import { runCase } from './run-case.ts';

/** Result of one case. */
export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly tookMs: number;
  /** Time from the fault to the next message at the reader. */
  readonly recoveryMs: number | undefined;
  readonly findings: readonly Finding[];
  /** Why it did not finish. */
  readonly error: string | undefined;
  readonly deliveries: number;
}

/** Per case: about 200 deliveries, a fifth of them duplicates, with conflicts and poison. */
const WORKLOAD = { persons: 40, verifications: 6, conflictShare: 0.02, poisonShare: 0.02 } as const;
const REPLAY_LIMIT_MS = 120_000;

/**
 * Runs cases one after the other in one arena with two reconcilers and two relays; any of them may hit
 * the fault. Judges after each case, and replays everything after the last. After a failed case the others
 * run in a new arena.
 */
export async function runCampaign(
  servers: Servers,
  cases: readonly FaultCase[],
  onResult: (result: CaseResult, arena: Arena) => void | Promise<void>,
): Promise<void> {
  let left = cases;
  while (left.length > 0) {
    await using arena = await openArena(servers, { reconcilers: 2, relays: 2, partitions: 4 });
    const ledger = createLedger();
    let passed = true;
    while (passed && left.length > 0) {
      const [next, ...rest] = left as readonly [FaultCase, ...FaultCase[]];
      const isLast = rest.length === 0;
      const result = await attempt(arena, ledger, next, isLast);
      await onResult(result, arena);
      passed = result.passed;
      left = rest;
    }
  }
}

async function attempt(
  arena: Arena,
  ledger: Ledger,
  one: FaultCase,
  thenReplay: boolean,
): Promise<CaseResult> {
  const startedMs = performance.now();
  const records = generateRecords(one);
  const result = { name: nameOf(one), deliveries: records.length };
  try {
    ledger.sent(records);
    const { recoveryMs } = await runCase(arena, one, records);
    const found = await judgeArena(arena, ledger);
    const findings = thenReplay ? [...found, ...(await replay(arena, ledger))] : found;
    const passed = findings.length === 0;
    return { ...result, passed, findings, recoveryMs, error: undefined, tookMs: since(startedMs) };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const findings = await judgeArena(arena, ledger).catch(() => []);
    const ended = { recoveryMs: undefined, error: failure, tookMs: since(startedMs) };
    return { ...result, passed: false, findings, ...ended };
  }
}

/** Deliveries of a case; deterministic but for the dates of what becomes due. */
function generateRecords({ point, action, seed }: FaultCase): readonly SentRecord[] {
  const prefix = `${point}-${action}-${seed}`;
  const due = isDuePoint(point) ? becomingDue(prefix, Date.now()) : [];
  return [...due, ...generateWorkload({ ...WORKLOAD, seed: seed * 1_009 + prefix.length, prefix })];
}

export function judgeArena(arena: Arena, ledger: Ledger): Promise<readonly Finding[]> {
  const { database, topics, messages } = arena;
  return judge({ query: database.query, names: topics.names, ledger, messages: messages() });
}

/** Sends everything again. Only dead letters that never claimed an id may be added. */
export async function replay(arena: Arena, ledger: Ledger): Promise<readonly Finding[]> {
  const before = await fingerprintState(arena.database.query);
  const records = [...arena.sent()];
  ledger.sent(records);
  await arena.send(records);
  await arena.drained(REPLAY_LIMIT_MS);
  const after = await fingerprintState(arena.database.query);
  return [...diffState(before, after), ...(await judgeArena(arena, ledger))];
}

function since(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}
