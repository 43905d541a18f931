import {
  acquireTransactionalProducer,
  installKafkajsPatches,
  isBrokerUnreachable,
  openAdmin,
  openKafka,
  type TopicAdmin,
  waitUntilOffsetsReady,
} from '@latchkey/kafka';
import { checkSchema, type Db, isDatabaseUnreachable, openDatabase } from '@latchkey/postgres';
import { RELAY_GROUP } from '@latchkey/publication';
import {
  createBackgroundTasks,
  isPermanent,
  kafkaConnection,
  outputTopicNames,
  retryForever,
  runTogether,
  type ServiceContext,
  waitingAlarm,
} from '@latchkey/runtime';
import { brokersTask } from './brokers.ts';
import { cleaningTask } from './clean.ts';
import { warnOfWeaknesses } from './durability.ts';
import { outboxLagTask } from './lag.ts';
import { prepareOutputs } from './prepare-outputs.ts';
import { createProbe } from './probe.ts';
import { createCounters, createReport } from './report.ts';
import { type RelayedTopic, runTopic } from './run-topic.ts';
import type { RelaySettings } from './settings.ts';

type Context = ServiceContext<RelaySettings>;

/** For the probe, cleaning, and the lag. */
const OTHER_CONNECTIONS = 3;

/** Connections to the outside, replaceable in fault tests. */
export interface RelayEdges {
  readonly openDatabase: typeof openDatabase;
  readonly acquireProducer: typeof acquireTransactionalProducer;
}

const REAL_EDGES: RelayEdges = { openDatabase, acquireProducer: acquireTransactionalProducer };

/**
 * Publishes the outbox until asked to stop. Topics are independent: one that is refused, or that another relay publishes,
 * does not delay the others.
 *
 * @throws Failure where a restart does not help: partition counts, the schema, missing topics
 */
export async function runRelay(context: Context, edges = REAL_EDGES): Promise<void> {
  installKafkajsPatches();
  const { settings, log, health, metrics, signal, giveUp } = context;
  const topics = Object.values<string>(outputTopicNames(settings));
  const kafkaSettings = { ...kafkaConnection(settings, 'latchkey-relay'), giveUp };
  await using db = edges.openDatabase({
    url: settings.DATABASE_URL,
    giveUp,
    role: 'latchkey_relay',
    poolSize: topics.length + OTHER_CONNECTIONS,
    applicationName: 'latchkey-relay',
    onConnectionLost: (error) => {
      log.warn({ err: error }, 'database connection lost');
    },
  });
  const waiting = {
    signal,
    isPermanent,
    ...waitingAlarm('outputs', { log, health }),
  };
  const kafka = openKafka(kafkaSettings, log, signal);
  await using admin = await retryForever(() => openAdmin(kafka), waiting);
  const relayed = await retryForever(() => prepare(db, admin, settings, topics), waiting);
  // All topics at once: the admin client then keeps the metadata of all of them.
  await retryForever(() => waitUntilOffsetsReady(admin, RELAY_GROUP, topics, signal), waiting);
  await warnOfWeaknesses(admin, topics, log);
  const counters = createCounters(metrics);
  const background = createBackgroundTasks({
    metrics,
    log,
    health,
    isConnectionLost: (error) => isDatabaseUnreachable(error) || isBrokerUnreachable(error),
  });
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
    (stop) => background.run(brokersTask(admin, health), stop),
    (stop) => background.run(outboxLagTask(db, new Set(topics), metrics), stop),
    (stop) => {
      const lanes = relayed.flatMap((topic) => topic.lanes);
      const hours = settings.OUTBOX_RETENTION_HOURS;
      return background.run(cleaningTask(db, lanes, hours, log, stop), stop);
    },
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
