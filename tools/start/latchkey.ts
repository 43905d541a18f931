import { randomBytes } from 'node:crypto';
import { DEFAULT_TOPIC_NAMES, type InputTopic, type OutputTopic } from '@latchkey/contracts';
import { migrateDatabase } from '@latchkey/postgres';
import { Kafka, logLevel } from 'kafkajs';
import { Client, Pool, type QueryResultRow } from 'pg';
import { type ChildService, startService } from '../../test/support/process.ts';
import { openStack } from '../stack/open-stack.ts';
import type { Stack } from '../stack/stack.ts';

const INPUT_PARTITIONS = 3;

type ServiceName = 'reconciler' | 'relay';

/** All services on a new stack or on servers from the environment, with a new database and new topics. */
export interface Latchkey extends AsyncDisposable {
  readonly stack: Stack;
  readonly databaseUrl: string;
  readonly topics: Readonly<Record<InputTopic | OutputTopic, string>>;
  /** The settings of the services. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts a service, also again after it was killed. */
  readonly start: (name: ServiceName) => Promise<ChildService>;
  service(name: ServiceName): ChildService;
  readonly query: <R extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<R[]>;
}

/** @param report - called with each line of progress */
export async function openLatchkey(
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Latchkey> {
  await using opening = new AsyncDisposableStack();
  const stack = opening.use(await openStack({ log: report, signal }));
  const tag = randomBytes(3).toString('hex');
  const database = opening.use(await createDatabase(stack.databaseUrl, `latchkey_demo_${tag}`));
  report(`migrations: ${(await migrateDatabase({ url: database.url })).join(', ')}`);
  // On servers from the environment, topics must not clash with existing ones.
  const prefix = stack.kind === 'environment' ? `demo-${tag}.` : '';
  const topics = opening.use(await createTopics(stack.brokers, prefix));
  const env = environment(database.url, stack, topics.names);
  const services = opening.use(new AsyncDisposableStack());
  const running = new Map<ServiceName, ChildService>();
  const start = async (name: ServiceName): Promise<ChildService> => {
    const service = await startService(name, { env });
    services.use(service);
    running.set(name, service);
    return service;
  };
  await Promise.all([start('reconciler'), start('relay')]);
  report('reconciler and relay are ready');
  const all = opening.move();
  return {
    stack,
    databaseUrl: database.url,
    topics: topics.names,
    env,
    start,
    service: (name) => {
      const service = running.get(name);
      if (service === undefined) throw new Error(`${name} is not running`);
      return service;
    },
    query: database.query,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function environment(
  databaseUrl: string,
  { brokers }: Stack,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const topics = Object.entries(names).map(([topic, name]) => [
    `TOPIC_${topic.toUpperCase().replaceAll('-', '_')}`,
    name,
  ]);
  return {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: brokers.join(','),
    GROUP_ID: names['workforce-events'] ?? '',
    OUTPUT_PARTITIONS: '3',
    SESSION_TIMEOUT_SECONDS: '6',
    INSTALLATION: 'demo',
    ...(Object.fromEntries(topics) as Record<string, string>),
  };
}

interface DemoDatabase extends AsyncDisposable {
  readonly url: string;
  readonly query: <R extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<R[]>;
}

async function createDatabase(server: string, name: string): Promise<DemoDatabase> {
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 2 });
  pool.on('error', () => undefined);
  return {
    url: url.href,
    query: async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<R>(text, [...values])).rows,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await onServer(server, `drop database if exists ${name} with (force)`);
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

interface DemoTopics extends AsyncDisposable {
  readonly names: Readonly<Record<InputTopic | OutputTopic, string>>;
}

/** Creates the input topics; the relay creates the output topics. */
async function createTopics(brokers: readonly string[], prefix: string): Promise<DemoTopics> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const names = Object.fromEntries(
    Object.entries(DEFAULT_TOPIC_NAMES).map(([topic, name]) => [topic, `${prefix}${name}`]),
  ) as DemoTopics['names'];
  const numPartitions = INPUT_PARTITIONS;
  const logAppendTime = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      { topic: names['workforce-events'], numPartitions },
      { topic: names['verification-events'], numPartitions, configEntries: logAppendTime },
    ],
  });
  return {
    names,
    [Symbol.asyncDispose]: async () => {
      const own = new Set(Object.values(names));
      const topics = (await admin.listTopics()).filter((topic) => own.has(topic));
      if (topics.length > 0) await admin.deleteTopics({ topics });
      await admin.disconnect();
    },
  };
}
