import type { Producer } from 'kafkajs';
import type { SentRecord } from './events.ts';
import type { TestTopics } from './topics.ts';

/** One request to the broker: records of one key arrive in this order. */
export async function produce(
  producer: Producer,
  { names }: Pick<TestTopics, 'names'>,
  records: readonly SentRecord[],
): Promise<void> {
  const byTopic = Map.groupBy(records, ({ topic }) => topic);
  await producer.sendBatch({
    topicMessages: [...byTopic].map(([topic, own]) => ({
      topic: names[topic],
      messages: own.map(({ key, value, headers, partition }) => ({
        key,
        value,
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        ...(partition === undefined ? {} : { partition }),
      })),
    })),
  });
}
