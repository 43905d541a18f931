import { Kafka, logLevel } from 'kafkajs';
import { APPEND_ROWS } from '../../../support/append-rows.ts';
import { eventually } from '../../../support/eventually.ts';
import { depose, leadersOf } from '../../../support/leaders.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { gatherEvidence } from '../../oracle/evidence.ts';
import { runChecks } from '../../oracle/judge.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { drain, type TrialFinding } from './drain.ts';

const ROUNDS = 8;
const ROWS_PER_LANE = 1_500;
const LIMIT_MS = 60_000;
/** The rows are synthetic, so only checks that apply to any outbox run. */
const JUDGED = ['published-twice', 'unpublished', 'gap', 'inversion', 'ghost'] as const;

/** A relay publishes to three brokers while the leaders of its partitions move. */
export async function leadersMoved(servers: Servers): Promise<readonly TrialFinding[]> {
  const env = { TRANSACTION_MAX_ROWS: '600' };
  await using arena = await openArena(servers, { reconcilers: 0, relays: 1, partitions: 1, env });
  const admin = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await using closing = new AsyncDisposableStack();
  closing.defer(() => admin.disconnect());
  const topic = arena.topics.names.access;
  for (let round = 0; round < ROUNDS; round += 1) {
    const leaders = await leadersOf(admin, topic);
    const read = arena.messages().length;
    await arena.database.query(APPEND_ROWS, [topic, ROWS_PER_LANE, 'x'.repeat(300)]);
    const isRead = (count: number): boolean => count > read;
    await eventually('messages', () => arena.messages().length, isRead, LIMIT_MS);
    await depose(admin, topic, leaders);
    const kept = async (): Promise<boolean> =>
      (await leadersOf(admin, topic)).some((leader, at) => leader === leaders[at]);
    await eventually('unmoved leaders', kept, (some) => !some, LIMIT_MS);
    const found = await judgeRound(arena);
    if (found.length > 0) return found;
  }
  return [];
}

async function judgeRound(arena: Arena): Promise<readonly TrialFinding[]> {
  const stuck = await drain(arena);
  const { database, topics, messages } = arena;
  const evidence = await gatherEvidence(database.query, topics.names);
  const observed = { ledger: createLedger(), evidence, messages: messages(), nowMs: Date.now() };
  return [...stuck, ...runChecks(observed, JUDGED)];
}
