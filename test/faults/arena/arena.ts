import { installKafkajsPatches, readWrittenOffsets } from '@latchkey/kafka';
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { createDatabaseOn, type TestDatabase } from '../../support/create-database.ts';
import type { SentRecord } from '../../support/events.ts';
import { eventually } from '../../support/eventually.ts';
import { type OutputMessage, openOutputReader } from '../../support/output-reader.ts';
import { produce } from '../../support/produce.ts';
import { createTestTopics, type TestTopics } from '../../support/topics.ts';
import { type Member, type Role, startMember } from './member.ts';

/** The servers that an arena uses. */
export interface Servers {
  /** A superuser's URL. */
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  /** Prefix of the names of databases and topics that this run creates. */
  readonly runId: string;
}

export interface ArenaOptions {
  readonly reconcilers: number;
  readonly relays: number;
  readonly partitions: number;
  /** Settings of the services beyond those that every arena has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs on the database before any service connects to it. */
  readonly prepare?: (database: TestDatabase) => Promise<void>;
  /** Changes the settings of the services, so that they connect through proxies. */
  readonly through?: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

/** Latchkey as real processes with failpoints, a separate database and topics, and an independent client. */
export interface Arena extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly topics: TestTopics;
  readonly servers: Servers;
  readonly env: Readonly<Record<string, string>>;
  readonly members: readonly Member[];
  readonly of: (role: Role) => readonly Member[];
  /** Sends once each, in order per key. */
  send(records: readonly SentRecord[]): Promise<void>;
  readonly sent: () => readonly SentRecord[];
  /** The messages that a `read_committed` consumer has read, from the start of each topic. */
  readonly messages: () => readonly OutputMessage[];
  /**
   * Waits until every record of the input topics is processed.
   *
   * @throws Error when that takes longer
   */
  processed(limitMs: number): Promise<void>;
  /**
   * Waits until every record of the input topics is processed and every row of the outbox was read.
   *
   * @throws Error when that takes longer
   */
  drained(limitMs: number): Promise<void>;
}

export async function openArena(servers: Servers, options: ArenaOptions): Promise<Arena> {
  // No others: the arena's clients are plain ones.
  installKafkajsPatches(['list-uncommitted-ends', 'silence-timer-warnings']);
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabaseOn(servers.databaseUrl, servers.runId));
  await options.prepare?.(database);
  const topics = stack.use(await createTestTopics(servers.brokers, options));
  const direct = {
    DATABASE_URL: database.url,
    KAFKA_BROKERS: servers.brokers.join(','),
    GROUP_ID: topics.names['workforce-events'],
    OUTPUT_PARTITIONS: '3',
    SESSION_TIMEOUT_SECONDS: '6',
    READ_THROUGH_MARGIN_SECONDS: '1',
    INSTALLATION: 'test',
    ...topics.env,
    ...options.env,
  };
  const env = options.through?.(direct) ?? direct;
  const members = await startMembers(stack, options, env);
  const reader = stack.use(await openOutputReader(servers.brokers, topics.names));
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const admin = kafka.admin();
  await Promise.all([producer.connect(), admin.connect()]);
  stack.defer(() => producer.disconnect());
  stack.defer(() => admin.disconnect());
  const sent: SentRecord[] = [];
  const owned = stack.move();
  return {
    database,
    topics,
    servers,
    env,
    members,
    of: (role) => members.filter((member) => member.role === role),
    send: async (records) => {
      sent.push(...records);
      await produceInParts(producer, topics, records);
    },
    sent: () => sent,
    messages: reader.messages,
    processed: (limitMs) => untilProcessed(database, admin, topics, limitMs),
    drained: (limitMs) => untilDrained(database, admin, topics, reader.messages, limitMs),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startMembers(
  stack: AsyncDisposableStack,
  options: ArenaOptions,
  env: Readonly<Record<string, string>>,
): Promise<readonly Member[]> {
  const count = { reconciler: options.reconcilers, relay: options.relays };
  const wanted = (['reconciler', 'relay'] as const).flatMap((role) =>
    Array.from({ length: count[role] }, (_, index) => ({ role, name: `${role} ${index + 1}` })),
  );
  // The first process of each role creates lanes and topics.
  return Promise.all(
    wanted.map(async ({ role, name }) => stack.use(await startMember(role, name, env))),
  );
}

const PART_MAX_RECORDS = 500;

async function produceInParts(
  producer: Producer,
  topics: TestTopics,
  records: readonly SentRecord[],
): Promise<void> {
  for (let at = 0; at < records.length; at += PART_MAX_RECORDS) {
    await produce(producer, topics, records.slice(at, at + PART_MAX_RECORDS));
  }
}

async function untilDrained(
  database: TestDatabase,
  admin: Admin,
  topics: TestTopics,
  messages: () => readonly OutputMessage[],
  limitMs: number,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const left = (): number => Math.max(deadline - Date.now(), 1);
  await untilProcessed(database, admin, topics, limitMs);
  const unread = async (): Promise<number> => (await countAppended(database)) - messages().length;
  await eventually('unread messages', unread, (count) => count <= 0, left());
}

async function untilProcessed(
  database: TestDatabase,
  admin: Admin,
  topics: TestTopics,
  limitMs: number,
): Promise<void> {
  const unprocessed = (): Promise<number> => countUnprocessed(database, admin, topics);
  await eventually('unprocessed records', unprocessed, (count) => count === 0, limitMs);
}

async function countUnprocessed(
  database: TestDatabase,
  admin: Admin,
  { names }: TestTopics,
): Promise<number> {
  const inputs = [names['workforce-events'], names['verification-events']];
  // The last stable offset is before a transaction until its marker is written: count to the log end.
  const logs = await Promise.all(inputs.map((topic) => readWrittenOffsets(admin, topic)));
  const ends = logs.flatMap((log) => [...log.values()]);
  const end = ends.reduce((sum, log) => sum + Number(log.end), 0);
  const [row] = await database.query<{ processed: number }>(
    'select coalesce(sum(next_offset), 0)::float8 as processed from intake_progress',
  );
  return end - (row?.processed ?? 0);
}

async function countAppended(database: TestDatabase): Promise<number> {
  const [appended] = await database.query<{ total: number }>(
    `select coalesce(sum(head), 0)::float8 as total
    from (select max(position) as head from outbox group by lane) as lanes`,
  );
  return appended?.total ?? 0;
}
