import type { Admin } from 'kafkajs';
import { isDenial, needing } from './not-allowed.ts';

const POLL_MS = 50;

/**
 * Resolves once the brokers can store offsets of a group, or with false when aborted. The very first use of a cluster's
 * offsets topic fails for a moment, and kafkajs does not try again inside a transaction.
 *
 * @throws NotAllowedError where we may not use the group
 */
export async function untilOffsetsReady(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    try {
      // eslint-disable-next-line no-await-in-loop -- tries again until the brokers are ready
      await needing(`Read on group ${groupId} and Describe on topics ${topics.join(', ')}`, () =>
        admin.fetchOffsets({ groupId, topics: [...topics] }),
      );
      return true;
    } catch (error) {
      if (isDenial(error)) throw error;
      // eslint-disable-next-line no-await-in-loop -- NOT_COORDINATOR_FOR_GROUP and the like pass
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return false;
}
