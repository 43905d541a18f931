import { Failure } from '@latchkey/contracts';
import type { TopicDescription } from './describe-topics.ts';

/** Kafka's default: 1 MiB plus the overhead of a record batch. Latchkey's messages are smaller. */
export const LARGEST_MESSAGE_BYTES = 1_048_588;

/**
 * Refuses output topics that break the promise to consumers: each message once, positions without a gap. A compacted
 * topic keeps only the last message of each key, with a retention, too.
 *
 * @throws Failure TOPIC_SETTING with the first of them
 */
export function refuseBrokenOutputs(topics: readonly TopicDescription[]): void {
  for (const { name: topic, settings } of topics) {
    const found = settings['cleanup.policy'] ?? 'delete';
    if (found === 'delete') continue;
    throw new Failure('TOPIC_SETTING', { topic, found, expected: 'cleanup.policy=delete' });
  }
}
