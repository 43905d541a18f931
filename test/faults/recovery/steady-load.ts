import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf } from '@latchkey/contracts';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { SentRecord } from '../../support/events.ts';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { uuidOf } from '../oracle/canonical.ts';
import { parseSent } from '../oracle/parse-sent.ts';
import { generateWorkload } from '../workload/generate.ts';
import { openCommittedReader } from './read-committed.ts';

/** An event about one new person, and when a `read_committed` reader saw its message. */
export interface TimedEvent {
  /** When it was passed to the sender, which queues it while no broker is reachable. */
  readonly sentMs: number;
  visibleMs: number | undefined;
}

/** Sends about 50 events a second until it is disposed. */
export interface SteadyLoad extends AsyncDisposable {
  readonly events: () => readonly TimedEvent[];
  /** Identities of unseen events. */
  readonly missing: () => readonly string[];
  /** Resolves when all but the latest events are seen. */
  caughtUp(): Promise<void>;
  /** Resolves when every event sent before this moment is seen. */
  seenUpTo(untilMs: number): Promise<void>;
  /** Resolves with the first seen event of those sent after this moment. */
  seenAfter(sinceMs: number): Promise<TimedEvent & { readonly visibleMs: number }>;
}

const EVENTS_AT_ONCE = 5;
const EVERY_MS = 100;
const SEND_EVERY_MS = 5;
const SEND_MAX_COUNT = 500;
const JUST_SENT_MS = 500;
const LIMIT_MS = 60_000;
/** The sender resumes soon after its broker. */
const QUICK = { initialRetryTime: 30, maxRetryTime: 200, retries: 3 } as const;

export async function startSteadyLoad(arena: Arena, prefix: string): Promise<SteadyLoad> {
  const events: TimedEvent[] = [];
  const byIdentity = new Map<string, TimedEvent>();
  const queue: SentRecord[] = [];
  let isEnding = false;
  const producer = await openProducer(arena);
  const reader = await openCommittedReader(
    arena.servers.brokers,
    arena.topics.names.lifecycle,
    (key, atMs) => {
      const event = byIdentity.get(key);
      if (event !== undefined) event.visibleMs ??= atMs;
    },
  );
  const generate = async (): Promise<void> => {
    for (let tick = 0; !isEnding; tick += 1) {
      for (const record of createJoiners(`${prefix}${tick}`)) {
        const event = { sentMs: performance.now(), visibleMs: undefined };
        events.push(event);
        byIdentity.set(identityOf(record), event);
        queue.push(record);
      }
      await sleep(EVERY_MS);
    }
  };
  const send = async (): Promise<void> => {
    while (!isEnding) {
      const records = queue.slice(0, SEND_MAX_COUNT);
      const isSent = records.length > 0 && (await producer.send(records));
      if (isSent) queue.splice(0, records.length);
      else await sleep(SEND_EVERY_MS);
    }
  };
  const working = Promise.all([generate(), send(), reader.reading]);
  working.catch(() => undefined); // awaited on disposal
  await eventually('the first seen event', () => events[0]?.visibleMs, isSeen, LIMIT_MS);
  return {
    events: () => events,
    missing: () =>
      [...byIdentity].flatMap(([id, { visibleMs }]) => (visibleMs === undefined ? [id] : [])),
    caughtUp: async () => {
      await eventually('unseen events', () => countUnseen(events), isZero, LIMIT_MS);
    },
    seenUpTo: async (untilMs) => {
      const left = (): number => countUnseen(events, untilMs) + Number(performance.now() < untilMs);
      await eventually('unseen events', left, isZero, LIMIT_MS);
    },
    seenAfter: async (sinceMs) => {
      const first = await eventually(
        'a seen event that was sent afterwards',
        () => findFirstSeen(events, sinceMs),
        (found) => found !== undefined,
        LIMIT_MS,
      );
      if (first === undefined) throw new Error('nothing was seen');
      return first;
    },
    [Symbol.asyncDispose]: async () => {
      isEnding = true;
      await reader[Symbol.asyncDispose]();
      await working;
      await producer.close();
    },
  };
}

function countUnseen(
  events: readonly TimedEvent[],
  before = performance.now() - JUST_SENT_MS,
): number {
  return events.filter(({ sentMs, visibleMs }) => visibleMs === undefined && sentMs < before)
    .length;
}

function isSeen(atMs: number | undefined): boolean {
  return atMs !== undefined;
}

function isZero(count: number): boolean {
  return count === 0;
}

type SeenEvent = TimedEvent & { readonly visibleMs: number };

function findFirstSeen(events: readonly TimedEvent[], sinceMs: number): SeenEvent | undefined {
  const seen = events.filter(
    (event): event is SeenEvent => event.sentMs >= sinceMs && event.visibleMs !== undefined,
  );
  return seen.toSorted((a, b) => a.visibleMs - b.visibleMs)[0];
}

function createJoiners(prefix: string): readonly SentRecord[] {
  return generateWorkload({
    seed: prefix.length,
    prefix,
    persons: EVENTS_AT_ONCE,
    histories: 'joiners',
    duplicateShare: 0,
    conflictShare: 0,
    poisonShare: 0,
  });
}

function identityOf(record: SentRecord): string {
  const read = parseSent(record);
  if (read.kind !== 'event') throw new Error('the joiner is not a valid event');
  return uuidOf('identity', read.event.source, read.event.subject);
}

async function openProducer({ servers, topics }: Arena): Promise<{
  /** False if it is unknown whether the brokers have stored them. */
  send(records: readonly SentRecord[]): Promise<boolean>;
  close(): Promise<void>;
}> {
  const kafka = new Kafka({
    brokers: [...servers.brokers],
    logLevel: logLevel.NOTHING,
    retry: QUICK,
    connectionTimeout: 1_000,
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const topic = topics.names['workforce-events'];
  const partitions = await countPartitions(kafka, topic);
  return {
    send: async (records) => {
      const messages = records.map(({ key, value, headers }) => ({
        key,
        value,
        partition: partitionOf(String(key), partitions),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
      }));
      const replies = await producer.send({ topic, messages }).catch(() => []);
      // kafkajs drops messages for a partition that has no leader at the moment, and reports success.
      const acknowledged = new Set(replies.map(({ partition }) => partition));
      return messages.every(({ partition }) => acknowledged.has(partition));
    },
    close: () => producer.disconnect(),
  };
}

async function countPartitions(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  return topics[0]?.partitions.length ?? 0;
}
