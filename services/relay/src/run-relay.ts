import { Failure } from '@latchkey/contracts';
import {
  acquireTransactionalProducer,
  describeTopics,
  openAdmin,
  openKafka,
  type TopicAdmin,
  untilOffsetsReady,
} from '@latchkey/kafka';
import { checkSchema, type Db, openDatabase } from '@latchkey/postgres';
import { RELAY_GROUP } from '@latchkey/publication';
import {
  kafkaConnection,
  type Logger,
  outputTopicNames,
  retryForever,
  runTogether,
  type ServiceContext,
  waitingAlarm,
} from '@latchkey/runtime';
import { cleanLanes } from './clean.ts';
import { INTERNAL_TOPICS, weaknessesOf } from './durability.ts';
import { watchLag } from './lag.ts';
import { prepareOutputs } from './prepare-outputs.ts';
import { createProbe } from './probe.ts';
import { createCounters, createReport } from './report.ts';
import { type RelayedTopic, runTopic } from './run-topic.ts';
import type { RelaySettings } from './settings.ts';

type Context = ServiceContext<RelaySettings>;

/** Probing, cleaning, the lag. */
const OTHER_CONNECTIONS = 3;

/** What leads out of the process and may fail half-way. */
export interface RelayEdges {
  readonly openDatabase: typeof openDatabase;
  readonly acquireProducer: typeof acquireTransactionalProducer;
}

const REAL_EDGES: RelayEdges = { openDatabase, acquireProducer: acquireTransactionalProducer };

/**
 * Publishes the outbox until asked to stop. Each topic goes its own way: one that is refused, or that
 * another relay publishes, does not hold up the others.
 *
 * @param edges - the real ones, unless a fault test puts its failpoints in between
 * @throws Failure for what starting again does not mend: partition counts, the schema, missing topics
 */
export async function runRelay(context: Context, edges = REAL_EDGES): Promise<void> {
  try {
    await relay(context, edges);
  } catch (error) {
    // Asked to stop, waiting for servers that are away is given up, with whatever they failed with last.
    context.signal.throwIfAborted();
    throw error;
  }
}

async function relay(context: Context, edges: RelayEdges): Promise<void> {
  const { settings, log, health, metrics, signal } = context;
  const topics = Object.values<string>(outputTopicNames(settings));
  const kafkaSettings = kafkaConnection(settings, 'latchkey-relay');
  await using db = edges.openDatabase({
    url: settings.DATABASE_URL,
    role: 'latchkey_relay',
    poolSize: topics.length + OTHER_CONNECTIONS,
    applicationName: 'latchkey-relay',
    onConnectionLost: (error) => {
      log.warn({ err: error }, 'database connection lost');
    },
  });
  await using admin = await openAdmin(openKafka(kafkaSettings, log, signal));
  const relayed = await retryForever(() => prepare(db, admin, settings, topics), {
    signal,
    isPermanent: (error) => error instanceof Failure,
    ...waitingAlarm('outputs', { log, health }),
  });
  await warnOfWeaknesses(admin, topics, log);
  // All of them: the admin client then keeps the metadata of all, whichever is asked about later.
  await untilOffsetsReady(admin, RELAY_GROUP, topics, signal);
  const counters = createCounters(metrics);
  const probe = createProbe(db);
  const servers = { db, probe, admin, kafkaSettings, log, acquireProducer: edges.acquireProducer };
  const limits = {
    maxRows: settings.TRANSACTION_MAX_ROWS,
    maxBytes: settings.TRANSACTION_MAX_BYTES,
  };
  await runTogether(signal, [
    ...relayed.map((topic) => (stop: AbortSignal) => {
      const report = createReport(topic.topic, { health, log }, counters);
      return runTopic(topic, servers, limits, report, stop);
    }),
    (stop) => {
      const lanes = relayed.flatMap((topic) => topic.lanes);
      return cleanLanes(db, lanes, settings.OUTBOX_RETENTION_HOURS, log, stop);
    },
    (stop) => watchLag(db, new Set(topics), { metrics, log }, stop),
  ]);
}

async function prepare(
  db: Db,
  admin: TopicAdmin,
  settings: RelaySettings,
  topics: readonly string[],
): Promise<readonly RelayedTopic[]> {
  await checkSchema(db);
  return prepareOutputs(db, admin, {
    topics,
    partitions: settings.OUTPUT_PARTITIONS,
    create: settings.CREATE_TOPICS,
  });
}

async function warnOfWeaknesses(
  admin: TopicAdmin,
  topics: readonly string[],
  log: Logger,
): Promise<void> {
  const described = await describeTopics(admin, [...topics, ...INTERNAL_TOPICS]);
  for (const weakness of weaknessesOf([...described.values()])) {
    log.warn(weakness, 'topics can lose what they acknowledged');
  }
}
