import { readClusterId, type TopicAdmin } from '@latchkey/kafka';
import type { BackgroundTask, Health } from '@latchkey/runtime';

const PART = 'brokers';

/**
 * Checks that the brokers answer. A relay with nothing to publish would not notice an outage, and would report that it is
 * ready.
 */
export function brokersTask(admin: TopicAdmin, health: Health): BackgroundTask {
  return {
    name: 'brokers',
    everyMs: 10_000,
    limitMs: 10_000,
    forget: () => {
      health.notReady(PART, 'they do not answer; asked again');
    },
    work: async () => {
      await readClusterId(admin);
      health.ready(PART);
    },
  };
}
