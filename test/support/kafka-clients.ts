import { randomUUID } from 'node:crypto';
import {
  acquireTransactionalProducer,
  type BatchConsumerOptions,
  createMissingTopics,
  installKafkajsPatches,
  type Kafka,
  type KafkaLog,
  openAdmin,
  openKafka,
  type PartitionReading,
  runBatchConsumer,
} from '@latchkey/kafka';
import { CompressionTypes, type IHeaders } from 'kafkajs';
import { inject } from 'vitest';

installKafkajsPatches();

/** Writes nothing. */
export const log: KafkaLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A client of the brokers of this run. */
export function local(): Kafka {
  return openKafka(connection(), log);
}

export function connection(): Parameters<typeof openKafka>[0] {
  return { brokers: inject('brokers'), clientId: 'test', ssl: false, sasl: undefined };
}

/** A topic of its own. */
export async function setUp(partitions = 1): Promise<{ topic: string; kafka: Kafka }> {
  const topic = `kafka-consume-${randomUUID()}`;
  const kafka = local();
  await using admin = await openAdmin(kafka);
  await createMissingTopics(admin, [
    { name: topic, partitions, replicas: undefined, settings: {} },
  ]);
  return { topic, kafka };
}

export function transactional(): ReturnType<typeof acquireTransactionalProducer> {
  const options = {
    transactionalId: randomUUID(),
    transactionTimeoutMs: 15_000,
    deadlineMs: 10_000,
  };
  return acquireTransactionalProducer(connection(), options, log);
}

export async function produce(
  kafka: Kafka,
  topic: string,
  values: readonly string[],
  how: { partition?: number; compression?: CompressionTypes; headers?: IHeaders },
): Promise<void> {
  const { partition = 0, compression = CompressionTypes.None, headers = {} } = how;
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    const messages = values.map((value) => ({ value, partition, headers }));
    await producer.send({ topic, compression, messages });
  } finally {
    await producer.disconnect();
  }
}

export function optionsOf(
  topic: string,
  differing: Partial<BatchConsumerOptions>,
): BatchConsumerOptions {
  return {
    groupId: randomUUID(),
    topics: [topic],
    sessionTimeoutMs: 10_000,
    maxBytesPerPartition: 1_048_588,
    relocateMs: 200,
    ...differing,
  };
}

/** Reads a topic until disposed; disposing waits until the consumer has stopped. */
export function consume(
  topic: string,
  reading: PartitionReading,
  differing: Partial<BatchConsumerOptions> = {},
): AsyncDisposable {
  const stop = new AbortController();
  const running = runBatchConsumer(local(), reading, optionsOf(topic, differing), log, stop.signal);
  running.catch(() => undefined);
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return running;
    },
  };
}
