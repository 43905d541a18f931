import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { initializePollingMessageListener } from 'pg-transactional-outbox';
import { listenerConfig } from './listener-config.ts';
import type { OutboxMetadata } from './outbox-messages.ts';
import { peerLog } from './peer-log.ts';
import type { PeerSettings } from './settings.ts';

interface Waiting {
  readonly topic: string;
  readonly message: Message;
  readonly settled: PromiseWithResolvers<undefined>;
}

/** Publishes its outbox with its polling listener, at least once: a message is marked after the brokers have stored it. */
export async function openOutbox(settings: PeerSettings, kafka: Kafka): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  stack.defer(() => producer.disconnect());
  const publish = createPublisher(producer);
  const handle = ({ aggregateId, payload, metadata }: Stored): Promise<void> => {
    const { topic, partition, headers } = metadata as unknown as OutboxMetadata;
    const value = JSON.stringify(payload);
    return publish(topic, { key: aggregateId, value, headers: { ...headers }, partition });
  };
  const config = listenerConfig('outbox', settings);
  const [shutdown] = initializePollingMessageListener(config, { handle }, peerLog());
  stack.defer(shutdown);
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Stored {
  readonly aggregateId: string;
  readonly payload: unknown;
  readonly metadata?: Record<string, unknown>;
}

/**
 * Sends all messages that are in progress in one request, because its handlers get one message each. Messages in
 * progress have different segments, so order is kept.
 */
function createPublisher(producer: Producer): (topic: string, message: Message) => Promise<void> {
  let waiting: Waiting[] = [];
  const flush = async (): Promise<void> => {
    const sending = waiting;
    waiting = [];
    const byTopic = Map.groupBy(sending, ({ topic }) => topic);
    const topicMessages = [...byTopic].map(([topic, own]) => ({
      topic,
      messages: own.map(({ message }) => message),
    }));
    try {
      await producer.sendBatch({ acks: -1, topicMessages });
      for (const { settled } of sending) settled.resolve(undefined);
    } catch (error) {
      for (const { settled } of sending) settled.reject(error);
    }
  };
  return async (topic, message) => {
    const settled = Promise.withResolvers<undefined>();
    if (waiting.length === 0) setImmediate(() => void flush());
    waiting.push({ topic, message, settled });
    await settled.promise;
  };
}
