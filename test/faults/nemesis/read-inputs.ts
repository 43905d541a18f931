import { randomUUID } from 'node:crypto';
import type { InputTopic } from '@latchkey/contracts';
import { type Admin, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import type { SentRecord } from '../../support/events.ts';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';

const INPUTS: readonly InputTopic[] = ['workforce-events', 'verification-events'];
const LIMIT_MS = 120_000;

/**
 * Reads everything in the input topics with a plain client. Where brokers are killed, the ledger must be
 * built from this and not from the calls of a producer, which sends again when it gets no reply.
 */
export async function readInputs(
  { servers, topics }: Arena,
  admin: Admin,
): Promise<readonly SentRecord[]> {
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `ledger-${randomUUID()}` });
  const records = new Map<string, SentRecord>();
  const logical = new Map(INPUTS.map((topic) => [topics.names[topic], topic]));
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...logical.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ topic, partition, message }) => {
        const record = recordOf(logical.get(topic) ?? 'workforce-events', message);
        records.set(`${topic}/${partition}/${message.offset}`, record);
        return Promise.resolve();
      },
    });
    const ends = await Promise.all(
      [...logical.keys()].map((name) => admin.fetchTopicOffsets(name)),
    );
    const total = ends.flat().reduce((sum, { high }) => sum + Number(high), 0);
    const isWhole = (read: number): boolean => read >= total;
    await eventually(`records of the inputs, of ${total}`, () => records.size, isWhole, LIMIT_MS);
    return [...records.values()];
  } finally {
    await consumer.disconnect();
  }
}

/** Headers as text: the workload has no others. */
function recordOf(topic: InputTopic, { key, value, headers }: KafkaMessage): SentRecord {
  const own = Object.entries(headers ?? {}).map(
    ([name, header]) => [name, String(header)] as const,
  );
  return { topic, key, value, headers: Object.fromEntries(own) };
}
