import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { openStack } from '../../../tools/stack/open-stack.ts';
import type { SentRecord } from '../../support/events.ts';
import { eventually } from '../../support/eventually.ts';
import { openOutputReader } from '../../support/output-reader.ts';
import { type Arena, openArena, type Servers } from '../arena/arena.ts';
import { type Finding, judge } from '../oracle/judge.ts';
import { createLedger, type Ledger } from '../oracle/ledger.ts';
import { diffState, fingerprintState } from '../oracle/replay.ts';
import { openProxies } from '../proxy/proxies.ts';
import type { PartReport } from '../report/part.ts';
import { generateWorkload } from '../workload/generate.ts';
import { openRandom } from '../workload/random.ts';
import { FAULTS, type NemesisTarget } from './faults.ts';
import { readInputs } from './read-inputs.ts';

export interface NemesisOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly print: (line: string) => void;
}

/** Limit for draining after the last fault. */
const DRAIN_LIMIT_MS = 180_000;
/** Longest pause between two faults. */
const PAUSE_MAX_MS = 4_000;
/** About 300 deliveries per wave. */
const WAVE = { persons: 60, verifications: 10 } as const;
const WAVE_EVERY_MS = 2_000;

/**
 * Runs two reconcilers and two relays on three brokers, behind proxies and under load, and injects one
 * random fault after the other. After the last fault, every input must be processed and published.
 */
export async function runNemesis(options: NemesisOptions): Promise<PartReport> {
  const { minutes, seed, print } = options;
  print(`${minutes} minutes, seed ${seed}`);
  await using stack = await openStack({ brokers: 3, local: true });
  const { databaseUrl, brokers } = stack;
  const servers: Servers = { databaseUrl, brokers, runId: `nemesis${process.pid}` };
  await using proxies = await openProxies(servers);
  const { through } = proxies;
  await using arena = await openArena(servers, {
    reconcilers: 2,
    relays: 2,
    partitions: 6,
    through,
  });
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await using closing = new AsyncDisposableStack();
  closing.defer(() => admin.disconnect());
  const untilMs = Date.now() + minutes * 60_000;
  const loading = sendWaves(arena, seed, untilMs);
  const injected = await injectFaults({ stack, arena, proxies, admin }, { ...options, untilMs });
  const failedWaves = await loading;
  const stoppedMs = performance.now();
  print(`faults stopped after ${injected.size} kinds; draining`);
  await arena.drained(DRAIN_LIMIT_MS);
  const drainMs = Math.round(performance.now() - stoppedMs);
  const ledger = createLedger();
  const records = await readInputs(arena, admin);
  ledger.sent(records);
  const found = await judgeFromStart(arena, ledger);
  const findings = [...found, ...(await replayAll(arena, ledger, records))];
  for (const { check, detail } of findings) print(`${check}: ${detail}`);
  const faults = [...injected.values()].reduce((sum, count) => sum + count, 0);
  const figure = [
    `${minutes} minutes, seed ${seed}, ${records.length} deliveries`,
    `drained ${drainMs} ms after the last fault`,
    `${proxies.commits.lost()} commit replies and ${proxies.produces.lost()} produce acknowledgements lost`,
    `${failedWaves} waves that the harness could not send`,
    [...injected].map(([name, count]) => `${name} ${count}`).join(', '),
  ].join('; ');
  const failed = findings.length > 0;
  return { rows: [{ what: 'nemesis', tried: faults, failed: findings.length, figure }], failed };
}

/** Injects faults one after the other; each is repaired before the next. Resolves with the count of each kind. */
async function injectFaults(
  target: NemesisTarget,
  { seed, untilMs, print }: NemesisOptions & { readonly untilMs: number },
): Promise<ReadonlyMap<string, number>> {
  const random = openRandom(seed);
  const injected = new Map<string, number>();
  const names = Object.keys(FAULTS);
  while (Date.now() < untilMs) {
    // Each kind once, in random order, before any is repeated.
    const unused = names.filter(
      (name) => (injected.get(name) ?? 0) === Math.min(...counts(injected, names)),
    );
    const name = random.pick(unused);
    injected.set(name, (injected.get(name) ?? 0) + 1);
    print(name);
    await FAULTS[name]?.(target, random);
    await sleep(random.below(PAUSE_MAX_MS));
  }
  return injected;
}

function counts(
  injected: ReadonlyMap<string, number>,
  names: readonly string[],
): readonly number[] {
  return names.map((name) => injected.get(name) ?? 0);
}

/** Sends load until `untilMs`. Resolves with the number of waves that failed. */
async function sendWaves(arena: Arena, seed: number, untilMs: number): Promise<number> {
  let failed = 0;
  for (let wave = 0; Date.now() < untilMs; wave += 1) {
    const records = generateWorkload({ ...WAVE, seed: seed + wave, prefix: `n${seed}w${wave}` });
    await arena.send(records).catch(() => {
      failed += 1;
    });
    await sleep(WAVE_EVERY_MS);
  }
  return failed;
}

/** Judges with a new reader that reads all messages from the start. */
async function judgeFromStart(arena: Arena, ledger: Ledger): Promise<readonly Finding[]> {
  const { servers, topics, database } = arena;
  await using reader = await openOutputReader(servers.brokers, topics.names);
  const [{ total } = { total: 0 }] = await database.query<{ total: number }>(
    'select count(*)::float8 as total from outbox',
  );
  const isWhole = (read: number): boolean => read >= total;
  await eventually('messages read again', () => reader.messages().length, isWhole, DRAIN_LIMIT_MS);
  const { query } = database;
  return await judge({ query, names: topics.names, ledger, messages: reader.messages() });
}

async function replayAll(
  arena: Arena,
  ledger: Ledger,
  records: readonly SentRecord[],
): Promise<readonly Finding[]> {
  const before = await fingerprintState(arena.database.query);
  ledger.sent(records);
  await arena.send(records);
  await arena.drained(DRAIN_LIMIT_MS);
  const after = await fingerprintState(arena.database.query);
  return [...diffState(before, after), ...(await judgeFromStart(arena, ledger))];
}
