import type { InputTopic } from '@latchkey/contracts';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { type Latchkey, openLatchkey } from '../../tools/start/latchkey.ts';
import type { SentRecord } from '../support/events.ts';
import { type OutputReader, openOutputReader } from '../support/output-reader.ts';

/** Running services, with a producer for their inputs and a reader of their outputs. */
export interface Demo extends Latchkey {
  readonly reader: OutputReader;
  readonly send: (records: readonly SentRecord[]) => Promise<void>;
}

/** @param report - called with each line of progress */
export async function openDemo(report: (line: string) => void, signal: AbortSignal): Promise<Demo> {
  await using opening = new AsyncDisposableStack();
  const latchkey = opening.use(await openLatchkey(report, signal));
  const { stack, topics } = latchkey;
  const reader = opening.use(await openOutputReader(stack.brokers, topics));
  const producer = opening.use(await openProducer(stack.brokers));
  const all = opening.move();
  return {
    ...latchkey,
    reader,
    send: (records) => produce(producer, topics, records),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function openProducer(brokers: readonly string[]): Promise<Producer & AsyncDisposable> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return Object.assign(producer, { [Symbol.asyncDispose]: () => producer.disconnect() });
}

async function produce(
  producer: Producer,
  names: Readonly<Record<InputTopic, string>>,
  records: readonly SentRecord[],
): Promise<void> {
  const byTopic = Map.groupBy(records, ({ topic }) => topic);
  await producer.sendBatch({
    topicMessages: [...byTopic].map(([topic, own]) => ({
      topic: names[topic],
      messages: own.map(({ key, value, headers }) => ({
        key,
        value,
        ...(headers === undefined ? {} : { headers: { ...headers } }),
      })),
    })),
  });
}
