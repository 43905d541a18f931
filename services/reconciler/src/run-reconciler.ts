import { ALL_FAMILIES, type InputTopic } from '@latchkey/contracts';
import { type IntakeContext, openPolicy } from '@latchkey/intake';
import {
  type BatchConsumerOptions,
  installKafkajsPatches,
  isBrokerUnreachable,
  type Kafka,
  openAdmin,
  openKafka,
  runBatchConsumer,
} from '@latchkey/kafka';
import { checkSchema, type Db, isDatabaseUnreachable, openDatabase } from '@latchkey/postgres';
import {
  createBackgroundTasks,
  inputTopicNames,
  isPermanent,
  kafkaConnection,
  outputTopicNames,
  readBuild,
  retryForever,
  runTogether,
  type ServiceContext,
  waitingAlarm,
} from '@latchkey/runtime';
import { policyTask } from './announce-policy.ts';
import { auditOrderTask } from './audit-order.ts';
import { clockTask } from './clock.ts';
import { adoptionTask, dueWorkTask } from './due-work.ts';
import { openInputLag } from './input-lag.ts';
import { intakeMetrics } from './intake-metrics.ts';
import { forgettingTask, housekeepingTask } from './janitor.ts';
import { Membership } from './membership.ts';
import { openOutputs } from './open-outputs.ts';
import { deadLettersTask, reviewsTask } from './open-work-gauges.ts';
import { PRUNING_STARTS_AFTER_MS, pruningTask } from './prune-facts.ts';
import { readInputs } from './read-inputs.ts';
import { openReadThrough } from './read-through.ts';
import type { ReconcilerSettings } from './settings.ts';
import { waitForInputTopics } from './wait-for-input-topics.ts';
import { warmTimeZones } from './warm-time-zones.ts';

/** How soon reading continues after an operator has accepted a finding. */
const RELOCATE_MS = 1_000;

type Context = ServiceContext<ReconcilerSettings>;

/** Connections to the outside, replaceable in fault tests. */
export interface ReconcilerEdges {
  readonly openDatabase: typeof openDatabase;
  readonly openKafka: typeof openKafka;
}

/**
 * Reads the input topics into intake, and decides what is due, until asked to stop.
 *
 * @param edges - the real ones, or those of a fault test with failpoints
 */
export async function runReconciler(
  context: Context,
  edges: ReconcilerEdges = { openDatabase, openKafka },
): Promise<void> {
  installKafkajsPatches();
  const { settings, log, health, metrics, signal, giveUp } = context;
  // First of all: the process is not ready before it has joined, however much else is.
  const membership = new Membership(health);
  const inputs = inputTopicNames(settings);
  const outputNames = outputTopicNames(settings);
  const policy = await openPolicy(settings.POLICY_FILE);
  log.info({ policy: settings.POLICY_FILE ?? 'the example policy', hash: policy.hash }, 'policy');
  await using db = openReconcilerDatabase(context, edges);
  const connection = kafkaConnection(settings, 'latchkey-reconciler');
  const kafkaSettings = { ...connection, silenceMs: silenceMs(settings), giveUp };
  const kafka = edges.openKafka(kafkaSettings, log, signal);
  await using admin = await prepare(context, () => openAdmin(kafka));
  const prepared = await prepare(context, async () => {
    await checkSchema(db);
    const partitions = settings.OUTPUT_PARTITIONS;
    return openOutputs(db, admin, outputNames, partitions, settings.INSTALLATION);
  });
  await warmTimeZones();
  const retentionDays = settings.INBOX_RETENTION_DAYS;
  await prepare(context, () =>
    waitForInputTopics(admin, inputs, retentionDays, { log, health }, signal),
  );
  if (signal.aborted) return;
  const intake: IntakeContext = { db, policy, outputs: prepared, build: await readBuild() };
  const byName = new Map(
    Object.entries(inputs).map(([input, name]) => [name, input as InputTopic]),
  );
  const reading = readInputs(intake, {
    inputs: byName,
    maxEvents: settings.BATCH_MAX_EVENTS,
    transactionsAtOnce: settings.PARTITIONS_AT_ONCE,
    membership,
    metrics: intakeMetrics(metrics, byName.keys()),
    log,
    health: membership.health,
    signal,
  });
  const topics = [...byName.keys()];
  const consumer = { ...consumerOptions(settings, topics), giveUp, watch: membership };
  const marginSeconds = settings.READ_THROUGH_MARGIN_SECONDS;
  const marginMs = marginSeconds * 1_000;
  const topic = inputs['verification-events'];
  const readThrough = openReadThrough({ db, admin, topic, marginMs, metrics, log });
  const openLagKafka = (stop: AbortSignal): Kafka =>
    edges.openKafka(kafkaSettings, log, AbortSignal.any([signal, stop]));
  const lag = openInputLag({ openKafka: openLagKafka, topics, membership, health, metrics });
  await using _lag = lag;
  const retention = { retentionDays, marginSeconds };
  const pruningTime = {
    retentionDays: settings.FACT_RETENTION_DAYS,
    startsAfterMs: PRUNING_STARTS_AFTER_MS,
  };
  const background = createBackgroundTasks({
    metrics,
    log,
    health,
    isConnectionLost: (error) => isDatabaseUnreachable(error) || isBrokerUnreachable(error),
  });
  const tasks = [
    clockTask(intake, readThrough.reports, log),
    lag.task,
    readThrough.task,
    policyTask(db, policy.hash, { metrics, log }),
    deadLettersTask(db, metrics),
    reviewsTask(db, metrics),
    dueWorkTask(db, metrics),
    adoptionTask(db, log),
    forgettingTask(db, retention, { metrics, log }, signal),
    pruningTask(db, pruningTime, { metrics, log }, signal),
    housekeepingTask(db, retention, metrics),
    auditOrderTask(db),
  ].filter((task) => task !== undefined);
  await runTogether(signal, [
    (stop) => runBatchConsumer(kafka, reading, consumer, log, stop),
    ...tasks.map((task) => (stop: AbortSignal) => background.run(task, stop)),
  ]);
}

/** Joining the group may take as long as the session timeout of the others. */
function silenceMs({ SESSION_TIMEOUT_SECONDS }: ReconcilerSettings): number {
  return Math.max(SESSION_TIMEOUT_SECONDS, 10) * 1_000 + 5_000;
}

function openReconcilerDatabase({ settings, log, giveUp }: Context, edges: ReconcilerEdges): Db {
  return edges.openDatabase({
    url: settings.DATABASE_URL,
    giveUp,
    role: 'latchkey_reconciler',
    // The transactions of batches of each family, and five for the background tasks, which wait for each other.
    poolSize: ALL_FAMILIES.length * settings.PARTITIONS_AT_ONCE + 5,
    applicationName: 'latchkey-reconciler',
    onConnectionLost: (err) => {
      log.warn({ err }, 'connection to the database lost');
    },
  });
}

/** Waits for database and brokers; a refusal ends the process. */
function prepare<T>({ log, health, signal }: Context, work: () => Promise<T>): Promise<T> {
  const alarm = waitingAlarm('servers', { log, health });
  return retryForever(work, { signal, isPermanent, ...alarm });
}

function consumerOptions(
  settings: ReconcilerSettings,
  topics: readonly string[],
): BatchConsumerOptions {
  return {
    groupId: settings.GROUP_ID,
    topics,
    sessionTimeoutMs: settings.SESSION_TIMEOUT_SECONDS * 1_000,
    maxBytesPerPartition: settings.FETCH_PARTITION_BYTES,
    relocateMs: RELOCATE_MS,
  };
}
