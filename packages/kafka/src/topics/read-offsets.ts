import type { Admin } from 'kafkajs';
import { explainDenial } from '../errors/not-allowed.ts';
import { requirePatches } from '../patches/install.ts';
import { withUncommittedEnds } from '../patches/list-uncommitted-ends.ts';

/** The log of one partition. Both offsets are 0 if nothing was ever written. */
export interface LogOffsets {
  /** The first offset that still exists. */
  readonly start: bigint;
  /** One past the last record that a `read_committed` reader may see. */
  readonly end: bigint;
}

/** What a consumer group committed for one partition. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** Empty if none was given. */
  readonly metadata: string;
}

const POLL_MS = 50;

/**
 * Reads start and end of the log of each partition of a topic.
 *
 * @param partitions - how many the topic has at least
 * @throws Error when the brokers return fewer, even after a second
 */
export async function readLogOffsets(
  admin: Admin,
  topic: string,
  partitions = 0,
): Promise<Map<number, LogOffsets>> {
  const found = await explainDenial(`Describe on topic ${topic}`, () =>
    readAll(topic, partitions, () => admin.fetchTopicOffsets(topic)),
  );
  return new Map(
    found.map(({ partition, low, high }) => [partition, { start: BigInt(low), end: BigInt(high) }]),
  );
}

/**
 * Like `readLogOffsets`, with high watermarks as ends: one past the last record that all replicas have, including records
 * of open transactions.
 */
export async function readWrittenOffsets(
  admin: Admin,
  topic: string,
  partitions = 0,
): Promise<Map<number, LogOffsets>> {
  requirePatches(['list-uncommitted-ends']);
  return await withUncommittedEnds(() => readLogOffsets(admin, topic, partitions));
}

/**
 * Reads the offsets that a group committed for the partitions of a topic. A partition without one is missing.
 *
 * @param partitions - how many the topic has
 * @throws Error when the brokers return fewer, even after a second
 */
export async function readCommittedOffsets(
  admin: Admin,
  groupId: string,
  topic: string,
  partitions: number,
): Promise<Map<number, CommittedOffset>> {
  const found = await explainDenial(`Read on group ${groupId} and Describe on topic ${topic}`, () =>
    readAll(topic, partitions, async () => {
      const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return fetched?.partitions ?? [];
    }),
  );
  const committed = found.filter(({ offset }) => BigInt(offset) >= 0n);
  return new Map(
    committed.map(({ partition, offset, metadata }) => [
      partition,
      { offset: BigInt(offset), metadata: metadata ?? '' },
    ]),
  );
}

const WHOLE_TRIES = 20;

/**
 * Retries while kafkajs returns too few partitions. It looks them up in metadata that another call of the same client
 * may have replaced with those of another topic: then it finds none and returns none.
 */
async function readAll<T>(
  topic: string,
  partitions: number,
  read: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  for (let tries = 0; tries < WHOLE_TRIES; tries += 1) {
    // eslint-disable-next-line no-await-in-loop -- retries
    const found = await read().catch((error: unknown): readonly T[] => {
      // kafkajs lost the metadata between two requests.
      if (error instanceof TypeError && partitions > 0) return [];
      throw error;
    });
    if (found.length >= partitions) return found;
    // eslint-disable-next-line no-await-in-loop -- pauses
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the brokers have told of fewer than ${partitions} partitions of ${topic}`);
}
