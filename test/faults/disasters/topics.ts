import { createMissingTopics } from '@latchkey/kafka';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { LIMIT_MS } from './limits.ts';

/** Runs `work` with an admin client. */
export async function withAdmin<T>(
  { servers }: Arena,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function deleteTopic(admin: Admin, name: string): Promise<void> {
  await admin.deleteTopics({ topics: [name] });
  const isGone = (names: readonly string[]): boolean => !names.includes(name);
  await eventually('topics', () => admin.listTopics(), isGone, LIMIT_MS);
}

export async function createTopic(
  admin: Admin,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  await createMissingTopics(admin, [{ name, partitions: 3, replicas: undefined, settings }]);
}

/** Sum of the log ends of a topic, transaction markers included. */
export async function sumLogEnds(admin: Admin, topic: string): Promise<number> {
  // The leader of a new partition may not know it yet.
  const fetchOffsets = () => admin.fetchTopicOffsets(topic).catch(() => []);
  const offsets = await eventually('offsets', fetchOffsets, (found) => found.length > 0, LIMIT_MS);
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}
