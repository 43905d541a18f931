import { readClusterId, type TopicAdmin } from '@latchkey/kafka';
import type { BackgroundTask, Health } from '@latchkey/runtime';

const PART = 'brokers';

/**
 * Asks the brokers whether they are there. A relay with nothing to publish would not notice: it would say that it is ready,
 * and the first event after the outage would find that it is not.
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
