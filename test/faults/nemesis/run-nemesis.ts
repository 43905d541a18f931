import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { openStack } from '../../../tools/stack/open-stack.ts';
import type { SentRecord } from '../../support/events.ts';
import { eventually } from '../../support/eventually.ts';
import { openOutputReader } from '../../support/output-reader.ts';
import { type Arena, openArena, type Servers } from '../arena/arena.ts';
import { type Finding, judge } from '../oracle/judge.ts';
import { createLedger, type Ledger } from '../oracle/ledger.ts';
import { fingerprintOfState, replayFindings } from '../oracle/replay.ts';
import { surround } from '../proxy/surround.ts';
import type { PartReport } from '../report/part.ts';
import { generateWorkload } from '../workload/generate.ts';
import { openRandom } from '../workload/random.ts';
import { type Battlefield, FAULTS } from './faults.ts';
import { readInputs } from './read-inputs.ts';

export interface NemesisOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly print: (line: string) => void;
}

/** After the last fault everything must be drained within this time. */
const DRAIN_LIMIT_MS = 180_000;
/** Between two faults, at most. */
const PAUSE_MAX_MS = 4_000;
/** About 300 deliveries every so often. */
const WAVE = { persons: 60, verifications: 10 } as const;
const WAVE_EVERY_MS = 2_000;

/**
 * Two reconcilers and two relays on three brokers, behind proxies, under load, with one random fault
 * after the other. Then the faults stop, and everything that is in the inputs must have come out.
 */
export async function runNemesis(options: NemesisOptions): Promise<PartReport> {
  const { minutes, seed, print } = options;
  print(`${minutes} minutes, seed ${seed}`);
  await using stack = await openStack({ brokers: 3, local: true });
  const { databaseUrl, brokers } = stack;
  const servers: Servers = { databaseUrl, brokers, runId: `nemesis${process.pid}` };
  await using around = await surround(servers);
  const { through } = around;
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
  const struck = await strike({ stack, arena, around, admin }, { ...options, untilMs });
  const failedWaves = await loading;
  const stoppedMs = performance.now();
  print(`faults stopped after ${struck.size} kinds; draining`);
  await arena.drained(DRAIN_LIMIT_MS);
  const drainMs = Math.round(performance.now() - stoppedMs);
  const ledger = createLedger();
  const records = await readInputs(arena, admin);
  ledger.sent(records);
  const found = await judgeAfresh(arena, ledger);
  const findings = [...found, ...(await replay(arena, ledger, records))];
  for (const { check, detail } of findings) print(`${check}: ${detail}`);
  const faults = [...struck.values()].reduce((sum, count) => sum + count, 0);
  const figure = [
    `${minutes} minutes, seed ${seed}, ${records.length} deliveries`,
    `drained ${drainMs} ms after the last fault`,
    `${around.commits.lost()} commit replies and ${around.produces.lost()} produce acknowledgements lost`,
    `${failedWaves} waves that the harness could not send`,
    [...struck].map(([name, count]) => `${name} ${count}`).join(', '),
  ].join('; ');
  const failed = findings.length > 0;
  return { rows: [{ what: 'nemesis', tried: faults, failed: findings.length, figure }], failed };
}

/** How often each kind struck. One after the other: what it broke is whole again before the next. */
async function strike(
  field: Battlefield,
  { seed, untilMs, print }: NemesisOptions & { readonly untilMs: number },
): Promise<ReadonlyMap<string, number>> {
  const random = openRandom(seed);
  const struck = new Map<string, number>();
  const names = Object.keys(FAULTS);
  while (Date.now() < untilMs) {
    // Each kind once, in some order, before any comes again.
    const unused = names.filter(
      (name) => (struck.get(name) ?? 0) === Math.min(...counts(struck, names)),
    );
    const name = random.pick(unused);
    struck.set(name, (struck.get(name) ?? 0) + 1);
    print(name);
    await FAULTS[name]?.(field, random);
    await sleep(random.below(PAUSE_MAX_MS));
  }
  return struck;
}

function counts(struck: ReadonlyMap<string, number>, names: readonly string[]): readonly number[] {
  return names.map((name) => struck.get(name) ?? 0);
}

/** Load, as long as the faults last. A wave that the brokers did not take is counted, and not missed. */
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

/** By a reader that was not there while brokers came and went. */
async function judgeAfresh(arena: Arena, ledger: Ledger): Promise<readonly Finding[]> {
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

async function replay(
  arena: Arena,
  ledger: Ledger,
  records: readonly SentRecord[],
): Promise<readonly Finding[]> {
  const before = await fingerprintOfState(arena.database.query);
  ledger.sent(records);
  await arena.send(records);
  await arena.drained(DRAIN_LIMIT_MS);
  const after = await fingerprintOfState(arena.database.query);
  return [...replayFindings(before, after), ...(await judgeAfresh(arena, ledger))];
}
