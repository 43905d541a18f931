import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { expect, inject } from 'vitest';
import {
  checkConservation,
  checkMessages,
  PROGRESS_TOTALS,
  type ProgressTotals,
} from './checks.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import type { SentEvent, SentRecord } from './events.ts';
import { structured } from './events.ts';
import { eventually } from './eventually.ts';
import type { TestLogin } from './foreign-defaults.ts';
import { type OutputMessage, openOutputReader } from './output-reader.ts';
import { type ChildService, startService } from './process.ts';
import { produce } from './produce.ts';
import { createTestTopics, type TestTopics } from './topics.ts';

/** All of Latchkey on real servers, with its own database and topics: real processes, black box. */
export interface TestSystem extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly topics: TestTopics;
  /** The settings of the services. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts another reconciler or relay; it ends with the system. */
  start(
    name: 'reconciler' | 'relay',
    env?: Readonly<Record<string, string>>,
  ): Promise<ChildService>;
  /** The first reconciler, or the one that replaced it. */
  reconciler(): ChildService;
  /** The first relay. */
  relay(): ChildService;
  /** Kills the reconciler with SIGKILL; `start` replaces it. */
  killReconciler(): Promise<void>;
  /** One request to the broker: records of one key arrive as one batch. */
  sendRecords(records: readonly SentRecord[]): Promise<void>;
  /** The same for events in structured mode. */
  send(...events: readonly SentEvent[]): Promise<void>;
  /** Waits until every delivery was processed, and every appended message was read. */
  settled(): Promise<void>;
  readonly messages: () => readonly OutputMessage[];
  /** The output of all services of this system so far, also of those that have ended. */
  readonly output: () => string;
  /** The end of every scenario: conservation, each message once, no gap; sending everything again changes nothing. */
  verify(): Promise<void>;
}

export interface SystemOptions {
  readonly partitions?: number;
  /** More settings of the services. */
  readonly env?: Readonly<Record<string, string>>;
  /** The login of the services; by default a superuser's. */
  readonly login?: (database: TestDatabase) => Promise<TestLogin>;
}

export async function openSystem(options: SystemOptions = {}): Promise<TestSystem> {
  await using stack = new AsyncDisposableStack();
  const brokers = inject('brokers');
  const database = stack.use(await createTestDatabase());
  const topics = stack.use(await createTestTopics(brokers, options));
  const login = stack.use((await options.login?.(database)) ?? NO_LOGIN);
  const env = {
    DATABASE_URL: login.url ?? database.url,
    KAFKA_BROKERS: brokers.join(','),
    GROUP_ID: topics.names['workforce-events'],
    OUTPUT_PARTITIONS: '3',
    SESSION_TIMEOUT_SECONDS: '6',
    READ_THROUGH_MARGIN_SECONDS: '1',
    INSTALLATION: 'test',
    ...topics.env,
    ...options.env,
  };
  const started: ChildService[] = [];
  const start: TestSystem['start'] = async (name, more = {}) => {
    const service = await startService(name, { env: { ...env, ...more } });
    started.push(service);
    services.use(service);
    return service;
  };
  const services = stack.use(new AsyncDisposableStack());
  const [first, relay] = await Promise.all([start('reconciler'), start('relay')]);
  let reconciler = first;
  const reader = stack.use(await openOutputReader(brokers, topics.names));
  const producer = stack.use(await openProducer(brokers));
  const sent: SentRecord[] = [];

  const sendRecords = async (records: readonly SentRecord[]): Promise<void> => {
    sent.push(...records);
    await produce(producer, topics, records);
  };
  const settled = async (): Promise<void> => {
    await untilTaken(database, sent.length);
    await untilRead(database, topics, reader.messages);
  };
  const system = {
    database,
    topics,
    env,
    start: async (name: 'reconciler' | 'relay', more?: Readonly<Record<string, string>>) => {
      const service = await start(name, more);
      if (name === 'reconciler') reconciler = service;
      return service;
    },
    reconciler: () => reconciler,
    relay: () => relay,
    killReconciler: async () => {
      await reconciler.end('SIGKILL');
    },
    sendRecords,
    send: (...events: readonly SentEvent[]) => sendRecords(events.map(structured)),
    settled,
    messages: reader.messages,
    output: () => started.map((service) => service.output()).join(''),
    verify: async () => {
      await settled();
      const before = reader.messages().length;
      for (const part of inParts(sent)) await sendRecords(part);
      await settled();
      await verifyTotals(database, sent.length);
      for (const { name, holds, found } of checkMessages(reader.messages())) {
        expect(holds, `${name}: ${found}`).toBe(true);
      }
      // Deliveries that never claimed an id become dead letters again; no other message is new.
      const news = reader.messages().slice(before);
      expect(news.filter(({ topic }) => topic !== 'dead-letters')).toEqual([]);
    },
  };
  const owned = stack.move();
  return { ...system, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const NO_LOGIN = { url: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };

const PART_MAX_BYTES = 500_000;

/** Parts that a broker accepts in one request. */
function inParts(records: readonly SentRecord[]): readonly (readonly SentRecord[])[] {
  const parts: SentRecord[][] = [[]];
  let bytes = 0;
  for (const record of records) {
    const size = (record.value?.length ?? 0) + 200;
    if (bytes + size > PART_MAX_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    bytes += size;
    parts.at(-1)?.push(record);
  }
  return parts.filter((part) => part.length > 0);
}

type ClosingProducer = Producer & AsyncDisposable;

async function openProducer(brokers: readonly string[]): Promise<ClosingProducer> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return Object.assign(producer, { [Symbol.asyncDispose]: () => producer.disconnect() });
}

async function untilTaken(database: TestDatabase, sent: number): Promise<void> {
  const received = async (): Promise<number> => (await totalsOf(database)).received;
  await eventually(`deliveries taken of ${sent}`, received, (seen) => seen === sent);
}

async function untilRead(
  database: TestDatabase,
  topics: TestTopics,
  messages: () => readonly OutputMessage[],
): Promise<void> {
  const [appended] = await database.query<{ total: number }>(
    `select coalesce(sum(head), 0)::float8 as total from (
      select max(position) as head from outbox join outbox_lane using (lane)
      where topic = any ($1) group by lane) as lanes`,
    [Object.values(topics.names)],
  );
  const total = appended?.total ?? 0;
  await eventually(
    `messages read of ${total}`,
    () => messages().length,
    (seen) => seen >= total,
  );
}

async function verifyTotals(database: TestDatabase, sent: number): Promise<void> {
  const check = checkConservation(await totalsOf(database), sent);
  expect(check.holds, `${check.name}: ${check.found}`).toBe(true);
}

export async function totalsOf(database: TestDatabase): Promise<ProgressTotals> {
  const [totals] = await database.query<ProgressTotals & Record<string, number>>(PROGRESS_TOTALS);
  if (totals === undefined) throw new Error('no totals');
  return totals;
}
