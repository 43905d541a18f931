import { ensureOutputTopics, openAdmin } from '@latchkey/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { type ChildService, spawnService } from '../../support/process.ts';
import type { ReaderReport } from '../measure/reader.ts';
import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';
import type { Arm, OpenArm } from './arm.ts';
import { createPeerTables, PEER_SCHEMA } from './peer/peer-tables.ts';

/** Settings of the peer in addition to those of every service; see `peer/settings.ts`. */
export interface PeerTuning {
  /** Two processes, one for consumer and inbox and one for the outbox, as Latchkey's services; otherwise one. */
  readonly isSplit: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** The best settings of docs/performance/peer.md. */
export const BEST_TUNING: PeerTuning = {
  isSplit: false,
  env: {
    PEER_INBOX_ORDER: 'none',
    PEER_OUTBOX_ORDER: 'by-key',
    PEER_INBOX_BATCH: '20',
    PEER_OUTBOX_BATCH: '50',
    PEER_POLL_MS: '20',
    PEER_MAX_WAITING: '500',
  },
};

const OUTPUTS = ['lifecycle', 'access', 'verifications', 'reviews', 'dead-letters'] as const;
const SCRIPT = 'test/bench/arms/peer/main.ts';

/** The most similar library, with the same work in its handler. */
export const transactionalOutbox: Arm = peerArm('B', BEST_TUNING);

export function peerArm(name: string, tuning: PeerTuning): Arm {
  return {
    name,
    what: 'pg-transactional-outbox',
    isNumbered: false,
    open: (system) => openPeer(system, tuning),
  };
}

async function openPeer(system: BenchSystem, tuning: PeerTuning): Promise<OpenArm> {
  await using stack = new AsyncDisposableStack();
  await createPeerTables(system.database.url);
  await createOutputs(system);
  const children: { readonly role: 'service' | 'relay'; readonly child: ChildService }[] = [];
  const spawn = async (role: 'service' | 'relay', part: string): Promise<void> => {
    const env = { ...system.env, ...tuning.env, PEER_PART: part };
    const child = await spawnService('peer', { env, script: SCRIPT });
    children.push({ role, child });
    started.use(child);
  };
  const started = stack.use(new AsyncDisposableStack());
  if (tuning.isSplit) await spawn('relay', 'outbox');
  const owned = stack.move();
  return {
    outputs: OUTPUTS.map((topic) => system.topics.names[topic]),
    start: () => spawn('service', tuning.isSplit ? 'inbox' : 'both'),
    processes: () => children,
    committed: () => countOf(system, `${PEER_SCHEMA}.inbox where processed_at is not null`),
    appended: () => countOf(system, `${PEER_SCHEMA}.outbox`),
    check: (sent, read) => check(system, sent, read),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function createOutputs({ servers, topics, env }: BenchSystem): Promise<void> {
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  await using admin = await openAdmin(kafka);
  const configured = Number(env['OUTPUT_PARTITIONS']);
  const wanted = OUTPUTS.map((output) => topics.names[output]);
  await ensureOutputTopics(
    admin,
    wanted.map((topic) => ({ topic, configured, recorded: undefined })),
  );
}

async function countOf({ database }: BenchSystem, from: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::float8 as count from ${from}`,
  );
  return row?.count ?? 0;
}

/** Expects that every event is decided once, every poison is a dead letter, and every message of its outbox is read once. */
async function check(
  system: BenchSystem,
  sent: Sent,
  read: ReaderReport,
): Promise<readonly string[]> {
  const found = {
    events: await countOf(system, 'audit_entry where event_id is not null'),
    distinct: await countOf(
      system,
      '(select distinct event_id from audit_entry where event_id is not null) as ids',
    ),
    records: await countOf(
      system,
      '(select event_id from fact union all select event_id from verification_callback) as ids',
    ),
    poison: await countOf(system, 'dead_letter'),
    abandoned: await countOf(system, `${PEER_SCHEMA}.inbox where abandoned_at is not null`),
    messages: read.lanes.reduce((sum, { count }) => sum + count, 0),
  };
  const expected = {
    events: sent.events,
    distinct: sent.events,
    records: sent.events,
    poison: sent.poison,
    abandoned: 0,
    messages: await countOf(system, `${PEER_SCHEMA}.outbox`),
  };
  const differing = Object.entries(expected)
    .filter(([name, count]) => found[name as keyof typeof found] !== count)
    .map(([name, count]) => `${name}: ${found[name as keyof typeof found]} of ${count}`);
  return [...read.faults, ...differing];
}
