import type { Admin } from 'kafkajs';
import { createMissingTopics } from './create-topics.ts';
import { describeTopics, type TopicDescription } from './describe-topics.ts';
import { LARGEST_MESSAGE_BYTES } from './output-settings.ts';
import { planOutputTopic } from './plan-output-topic.ts';

export interface OutputTopicWanted {
  readonly topic: string;
  /** OUTPUT_PARTITIONS; undefined: as many as the topic has. */
  readonly configured: number | undefined;
  /** Its lanes in the database; undefined if there are none yet. */
  readonly recorded: number | undefined;
}

/**
 * What consumers rely on, independent of the brokers' defaults: every message stays until the retention deletes it, and
 * the brokers accept the largest message.
 */
const OUTPUT_SETTINGS = {
  'cleanup.policy': 'delete',
  'max.message.bytes': String(LARGEST_MESSAGE_BYTES),
} as const;

/**
 * Creates the output topics that are missing, with `OUTPUT_SETTINGS` and the brokers' defaults for the rest, and
 * describes all by name. All are checked before one is created. Several processes may call this at once.
 *
 * @throws Failure PARTITION_COUNT_DIFFERS when a topic, the configuration and the database differ
 */
export async function ensureOutputTopics(
  admin: Admin,
  wanted: readonly OutputTopicWanted[],
): Promise<Map<string, TopicDescription>> {
  const names = wanted.map(({ topic }) => topic);
  const plans = planTopics(wanted, await describeTopics(admin, names));
  await createMissingTopics(
    admin,
    plans.map(({ topic, partitions }) => ({
      name: topic,
      partitions,
      replicas: undefined,
      settings: OUTPUT_SETTINGS,
    })),
  );
  // Another process may have created one in between, with another number.
  const described = await describeTopics(admin, names);
  planTopics(wanted, described);
  return described;
}

function planTopics(
  wanted: readonly OutputTopicWanted[],
  existing: ReadonlyMap<string, TopicDescription>,
): { readonly topic: string; readonly partitions: number }[] {
  return wanted.map((one) => ({
    topic: one.topic,
    partitions: planOutputTopic({ ...one, existing: existing.get(one.topic)?.partitions }),
  }));
}
