import { Kafka, logLevel } from 'kafkajs';
import { createDatabaseOn, type TestDatabase } from '../support/create-database.ts';
import { eventually } from '../support/eventually.ts';
import { PRODUCTION_ENV } from '../support/production-env.ts';
import { createTestTopics, type TestTopics } from '../support/topics.ts';

/** Servers of all measurements. */
export interface Servers {
  /** A superuser's URL. */
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  /** Prefix of the names of databases and topics that this run creates. */
  readonly runId: string;
  /** Processes of the servers, if the stack knows them. */
  readonly pids: readonly number[];
}

/** A new database with an empty schema, and new topics, for one measurement. */
export interface BenchSystem extends AsyncDisposable {
  readonly servers: Servers;
  readonly database: TestDatabase;
  readonly topics: TestTopics;
  /** Environment of its processes. */
  readonly env: Readonly<Record<string, string>>;
}

export interface SystemOptions {
  /** Partitions of each input topic; default 8. */
  readonly partitions?: number;
  /** Partitions of each output topic; default 4. */
  readonly outputPartitions?: number;
  /** Additional settings. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function openBenchSystem(
  servers: Servers,
  options: SystemOptions = {},
): Promise<BenchSystem> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabaseOn(servers.databaseUrl, servers.runId));
  const { partitions = 8, outputPartitions = 4 } = options;
  const topics = stack.use(await createTestTopics(servers.brokers, { partitions }));
  await untilLed(servers.brokers, topics, partitions);
  const owned = stack.move();
  return {
    servers,
    database,
    topics,
    env: {
      ...PRODUCTION_ENV,
      DATABASE_URL: database.url,
      KAFKA_BROKERS: servers.brokers.join(','),
      GROUP_ID: topics.names['workforce-events'],
      OUTPUT_PARTITIONS: String(outputPartitions),
      INSTALLATION: 'bench',
      ...topics.env,
      ...options.env,
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Waits for every leader. A broker that does not know yet that it is a leader rejects messages, and kafkajs then sends
 * again everything that it sent to this broker at the same time; it drops messages for partitions without a leader.
 */
async function untilLed(
  brokers: readonly string[],
  { names }: TestTopics,
  partitions: number,
): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const inputs = [names['workforce-events'], names['verification-events']];
  const led = async (): Promise<number> => {
    const offsets = await Promise.all(inputs.map((topic) => admin.fetchTopicOffsets(topic)));
    return offsets.flat().length;
  };
  try {
    const all = partitions * inputs.length;
    await eventually(
      'partitions with a leader',
      () => led().catch(() => 0),
      (count) => count === all,
    );
  } finally {
    await admin.disconnect();
  }
}
