import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { inject } from 'vitest';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from './database.ts';
import { type SentEvent, structured } from './events.ts';
import { eventually } from './eventually.ts';
import { type OutputMessage, type OutputReader, openOutputReader } from './output-reader.ts';
import { type ChildService, spawnService, startService } from './process.ts';
import { type CommandResult, runLatchkey } from './run-latchkey.ts';
import { createTestTopics, type TestTopics } from './topics.ts';

/** Latchkey on real servers whose database can be replaced by a restored backup. */
export interface Restorable extends AsyncDisposable {
  readonly topics: TestTopics;
  /** The database that services are started with. */
  database(): TestDatabase;
  /** Ends the services and copies the database. */
  backUp(): Promise<TestDatabase>;
  /** Ends the services; services that start later use this database. */
  restore(backup: TestDatabase): Promise<void>;
  start(name: 'reconciler' | 'relay'): Promise<ChildService>;
  /** Starts a service that is not expected to become ready, or a command. */
  spawn(
    name: 'relay' | 'reconciler' | 'operator',
    env?: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<ChildService>;
  /** Runs the operators' command line. */
  run(...args: readonly string[]): Promise<CommandResult>;
  send(...events: readonly SentEvent[]): Promise<void>;
  /** Waits until every delivery was processed. */
  processed(): Promise<void>;
  /** Waits until every message of the outbox was published. */
  published(): Promise<void>;
  /** The messages that a `read_committed` reader has seen. */
  readonly messages: () => readonly OutputMessage[];
}

export async function openRestorable(): Promise<Restorable> {
  await using stack = new AsyncDisposableStack();
  const brokers = inject('brokers');
  const topics = stack.use(await createTestTopics(brokers, { partitions: 1 }));
  let database = stack.use(await createTestDatabase());
  const services = stack.use(new AsyncDisposableStack());
  let running: ChildService[] = [];
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  stack.defer(() => producer.disconnect());
  let reader: OutputReader | undefined;
  const env = (): Record<string, string> => ({
    DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers.join(','),
    GROUP_ID: topics.names['workforce-events'],
    OUTPUT_PARTITIONS: '3',
    SESSION_TIMEOUT_SECONDS: '6',
    INSTALLATION: 'test',
    OPERATOR: 'grace',
    ...topics.env,
  });
  const endAll = async (): Promise<void> => {
    await Promise.all(running.map((service) => service.end('SIGTERM')));
    running = [];
  };
  let sent = 0;
  const owned = stack.move();
  return {
    topics,
    database: () => database,
    backUp: async () => {
      await endAll();
      return services.use(await copyTestDatabase(database));
    },
    restore: async (backup) => {
      await endAll();
      database = backup;
    },
    start: async (name) => {
      const service = services.use(await startService(name, { env: env() }));
      running.push(service);
      // Outputs exist once a relay is ready.
      if (name === 'relay' && reader === undefined) {
        reader = services.use(await openOutputReader(brokers, topics.names));
      }
      return service;
    },
    spawn: async (name, more = {}, ...args) => {
      const service = services.use(await spawnService(name, { env: { ...env(), ...more }, args }));
      if (name !== 'operator') running.push(service);
      return service;
    },
    run: (...args) => runLatchkey(env(), ...args),
    send: async (...events) => {
      sent += events.length;
      const records = events.map(structured);
      for (const [topic, own] of Map.groupBy(records, (record) => record.topic)) {
        await producer.send({
          topic: topics.names[topic],
          messages: own.map(({ key, value }) => ({ key, value })),
        });
      }
    },
    processed: async () => {
      const count = async (): Promise<number> => {
        const [row] = await database.query<{ n: number }>(
          'select coalesce(sum(received), 0)::integer as n from intake_progress',
        );
        return row?.n ?? 0;
      };
      await eventually(`deliveries processed of ${sent}`, count, (seen) => seen === sent);
    },
    published: async () => {
      const count = async (): Promise<number> => {
        const [row] = await database.query<{ n: number }>(`
          select count(*)::integer as n from outbox left join relay_position using (lane)
          where position > coalesce(published_through, 0)`);
        return row?.n ?? 0;
      };
      await eventually('unpublished messages', count, (seen) => seen === 0);
    },
    messages: () => reader?.messages() ?? [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
