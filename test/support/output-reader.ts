import { randomUUID } from 'node:crypto';
import type { InputTopic, OutputTopic } from '@latchkey/contracts';
import { silenceTimerWarnings } from '@latchkey/kafka';
import { type Consumer, Kafka, type KafkaMessage, logLevel } from 'kafkajs';

/** One message of an output topic, as a consumer that reads committed ones sees it. */
export interface OutputMessage {
  readonly topic: OutputTopic;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly id: string;
  readonly type: string;
  readonly position: bigint;
  readonly generation: bigint;
  readonly data: Record<string, unknown>;
}

/** Reads output topics from their beginning, for as long as it is open. */
export interface OutputReader extends AsyncDisposable {
  /** The messages so far, in the order of each partition. */
  readonly messages: () => readonly OutputMessage[];
}

const OUTPUTS: readonly OutputTopic[] = [
  'lifecycle',
  'access',
  'verifications',
  'reviews',
  'dead-letters',
];

/** By default kafkajs waits up to half a minute and gives up: tests would measure the reader. */
const BACK_SOON = {
  retries: Number.MAX_SAFE_INTEGER,
  initialRetryTime: 50,
  maxRetryTime: 500,
} as const;

/** Topics must exist. Input topics among the names are ignored. */
export async function openOutputReader(
  brokers: readonly string[],
  names: Readonly<Record<OutputTopic, string> & Partial<Record<InputTopic, string>>>,
): Promise<OutputReader> {
  silenceTimerWarnings();
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: BACK_SOON,
    connectionTimeout: 1_000,
  });
  const consumer = kafka.consumer({
    groupId: `reader-${randomUUID()}`,
    readUncommitted: false,
    // Reconnects soon after brokers were unreachable.
    sessionTimeout: 6_000,
    rebalanceTimeout: 6_000,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 100,
    // New partitions are found within this time.
    metadataMaxAge: 1_000,
    retry: BACK_SOON,
  });
  const read: OutputMessage[] = [];
  const lastOffsets = new Map<string, bigint>();
  const logical = new Map(OUTPUTS.map((topic) => [names[topic], topic]));
  await consumer.connect();
  await consumer.subscribe({ topics: [...logical.keys()], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ topic, partition, message }) => {
      // After a rebalance kafkajs reads again from the start: the same offset is the same message.
      const place = `${topic}/${partition}`;
      if (BigInt(message.offset) <= (lastOffsets.get(place) ?? -1n)) return Promise.resolve();
      lastOffsets.set(place, BigInt(message.offset));
      read.push(messageOf(logical.get(topic) ?? 'access', partition, message));
      return Promise.resolve();
    },
  });
  return { messages: () => read, [Symbol.asyncDispose]: () => close(consumer) };
}

async function close(consumer: Consumer): Promise<void> {
  await consumer.disconnect();
}

function messageOf(topic: OutputTopic, partition: number, message: KafkaMessage): OutputMessage {
  const headers = Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: String(message.key),
    headers,
    id: headers['ce_id'] ?? '',
    type: headers['ce_type'] ?? '',
    position: BigInt(headers['lk_position'] ?? -1),
    generation: BigInt(headers['lk_generation'] ?? -1),
    data: JSON.parse(String(message.value)) as Record<string, unknown>,
  };
}
