import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs';
import type { SentRecord } from '../../support/events.ts';
import { produce } from '../../support/produce.ts';
import type { TestTopics } from '../../support/topics.ts';
import { type Fed, feedOf } from './feed.ts';
import type { Workload } from './workload.ts';

/** Contents of the input topics. */
export interface Sent {
  readonly deliveries: number;
  readonly events: number;
  readonly duplicates: number;
  readonly poison: number;
  /** Total size of the values. */
  readonly bytes: number;
}

const AT_ONCE_COUNT = 2_000;
const AT_ONCE_BYTES = 4 * 1024 * 1024;

/**
 * Sends a whole workload, in order per key. See `loadFeed`.
 */
export function loadTopics(
  brokers: readonly string[],
  topics: TestTopics,
  workload: Workload,
  earlier = 0,
): Promise<Sent> {
  return loadFeed(brokers, topics, feedOf(workload), earlier);
}

/**
 * Sends deliveries, in order per key.
 *
 * @param earlier - number of records that are in the topics already
 * @throws Error when the topics contain another number of records afterwards
 */
export async function loadFeed(
  brokers: readonly string[],
  topics: TestTopics,
  feed: Iterable<Pick<Fed, 'kind' | 'record'>>,
  earlier = 0,
): Promise<Sent> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const admin = kafka.admin();
  await Promise.all([producer.connect(), admin.connect()]);
  const count = { event: 0, duplicate: 0, poison: 0 };
  let bytes = 0;
  let part: SentRecord[] = [];
  let partBytes = 0;
  try {
    for (const { kind, record } of feed) {
      count[kind] += 1;
      part.push(record);
      partBytes += record.value?.length ?? 0;
      if (part.length < AT_ONCE_COUNT && partBytes < AT_ONCE_BYTES) continue;
      await produce(producer, topics, part);
      bytes += partBytes;
      [part, partBytes] = [[], 0];
    }
    if (part.length > 0) await produce(producer, topics, part);
    bytes += partBytes;
    await checkCount(admin, topics, earlier + count.event + count.duplicate + count.poison);
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  }
  const { event: events, duplicate: duplicates, poison } = count;
  return { deliveries: events + duplicates + poison, events, duplicates, poison, bytes };
}

async function checkCount(admin: Admin, { names }: TestTopics, sent: number): Promise<void> {
  let found = 0;
  for (const topic of [names['workforce-events'], names['verification-events']]) {
    for (const { high } of await admin.fetchTopicOffsets(topic)) found += Number(high);
  }
  if (found !== sent) throw new Error(`the input topics contain ${found} of ${sent} records`);
}
