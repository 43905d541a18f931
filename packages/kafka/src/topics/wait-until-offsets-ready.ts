import type { Admin } from 'kafkajs';
import { explainDenial, isDenial } from '../errors/not-allowed.ts';

const POLL_MS = 50;

/**
 * Waits until the brokers can store offsets of a group. The first use of a cluster's offsets topic fails for a moment,
 * and kafkajs does not retry it inside a transaction.
 *
 * @returns false when aborted
 * @throws NotAllowedError if we may not use the group
 */
export async function waitUntilOffsetsReady(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    try {
      // eslint-disable-next-line no-await-in-loop -- retries until the brokers are ready
      await explainDenial(
        `Read on group ${groupId} and Describe on topics ${topics.join(', ')}`,
        () => admin.fetchOffsets({ groupId, topics: [...topics] }),
      );
      return true;
    } catch (error) {
      if (isDenial(error)) throw error;
      // eslint-disable-next-line no-await-in-loop -- NOT_COORDINATOR_FOR_GROUP and similar errors pass
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return false;
}
