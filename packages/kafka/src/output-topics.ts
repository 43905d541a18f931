import type { Admin } from 'kafkajs';
import { LARGEST_MESSAGE_BYTES } from './output-settings.ts';
import { planOutputTopic } from './plan-output-topic.ts';
import { createMissingTopics, describeTopics, type TopicDescription } from './topics.ts';

export interface OutputTopicWanted {
  readonly topic: string;
  /** What the configuration asks for (OUTPUT_PARTITIONS); undefined: as the topic is. */
  readonly configured: number | undefined;
  /** The lanes that the database has for it; undefined if it has none yet. */
  readonly recorded: number | undefined;
}

/**
 * What consumers rely on, whatever the brokers have by default: every message stays until the retention deletes it, and
 * the largest that there can be is taken.
 */
const OUTPUT_SETTINGS = {
  'cleanup.policy': 'delete',
  'max.message.bytes': String(LARGEST_MESSAGE_BYTES),
} as const;

/**
 * Describes output topics, by name, after creating those that were missing: never compacted, large enough, and with the
 * brokers' defaults for the rest. All are checked before one is created; several processes may do this at once.
 *
 * @throws Failure PARTITION_COUNT_DIFFERS when a topic, the configuration and the database do not agree
 */
export async function ensureOutputTopics(
  admin: Admin,
  wanted: readonly OutputTopicWanted[],
): Promise<Map<string, TopicDescription>> {
  const names = wanted.map(({ topic }) => topic);
  const plans = plansOf(wanted, await describeTopics(admin, names));
  await createMissingTopics(
    admin,
    plans.map(({ topic, partitions }) => ({
      name: topic,
      partitions,
      replicas: undefined,
      settings: OUTPUT_SETTINGS,
    })),
  );
  // Somebody else may have created one in between, with another number.
  const described = await describeTopics(admin, names);
  plansOf(wanted, described);
  return described;
}

function plansOf(
  wanted: readonly OutputTopicWanted[],
  existing: ReadonlyMap<string, TopicDescription>,
): { readonly topic: string; readonly partitions: number }[] {
  return wanted.map((one) => ({
    topic: one.topic,
    partitions: planOutputTopic({ ...one, existing: existing.get(one.topic)?.partitions }),
  }));
}
