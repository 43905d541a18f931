import { Failure } from '@latchkey/contracts';
import type { TopicDescription } from './topics.ts';

/** The default of Kafka: 1 MiB and what a record batch has around it. Messages of ours are smaller. */
export const LARGEST_MESSAGE_BYTES = 1_048_588;

/**
 * Refuses output topics that break what consumers are promised: each message once, positions without a gap. A topic
 * that is compacted keeps the last message of each key only, also beside a retention.
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
