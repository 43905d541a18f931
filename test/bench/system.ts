import { Kafka, logLevel } from 'kafkajs';
import { createDatabaseOn, type TestDatabase } from '../support/create-database.ts';
import { eventually } from '../support/eventually.ts';
import { createTestTopics, type TestTopics } from '../support/topics.ts';

/** The servers that everything is measured on. */
export interface Servers {
  /** A superuser's URL. */
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  /** Names what this run leaves behind. */
  readonly runId: string;
  /** The servers' own processes, where the stack knows them. */
  readonly pids: readonly number[];
}

/** What one measurement has for itself: a database with the schema and nothing in it, and topics. */
export interface BenchSystem extends AsyncDisposable {
  readonly servers: Servers;
  readonly database: TestDatabase;
  readonly topics: TestTopics;
  /** What its processes are told. */
  readonly env: Readonly<Record<string, string>>;
}

export interface SystemOptions {
  /** Of each input topic; 8 by default. */
  readonly partitions?: number;
  /** Of each output topic; 4 by default. */
  readonly outputPartitions?: number;
  /** Settings beyond those that every system has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** As in the Dockerfile. */
const PRODUCTION = {
  NODE_ENV: 'production',
  NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=16',
  MALLOC_ARENA_MAX: '2',
} as const;

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
      ...PRODUCTION,
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
 * Asks every leader. One that does not know yet that it leads refuses what is sent to it, and kafkajs then sends
 * everything again that went to this broker at the same time; what is for a partition without a leader it drops.
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
