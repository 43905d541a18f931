import kafkajs, { type Admin } from 'kafkajs';
import { explainDenial } from '../errors/not-allowed.ts';

/** The topic settings that guarantees depend on. */
export const TOPIC_SETTINGS = [
  'message.timestamp.type',
  'retention.ms',
  'retention.bytes',
  'min.insync.replicas',
  'unclean.leader.election.enable',
  'cleanup.policy',
  'max.message.bytes',
] as const;
export type TopicSetting = (typeof TOPIC_SETTINGS)[number];

export interface TopicDescription {
  readonly name: string;
  readonly partitions: number;
  /** The smallest number of all partitions. */
  readonly replicas: number;
  /** Effective values, set on the topic or by default. */
  readonly settings: Readonly<Partial<Record<TopicSetting, string>>>;
}

/**
 * Describes the topics that exist, by name. One that we may not describe is left out.
 *
 * @throws NotAllowedError if we may not describe the settings of one of them
 */
export async function describeTopics(
  admin: Admin,
  names: readonly string[],
): Promise<Map<string, TopicDescription>> {
  const shapes = await describeShapes(admin, names);
  if (shapes.size === 0) return new Map();
  const settings = await readSettings(admin, [...shapes.keys()]);
  return new Map(
    [...shapes].map(([name, shape]) => [name, { ...shape, settings: settings.get(name) ?? {} }]),
  );
}

/** Like `describeTopics`, without settings: needs no right to describe them. */
export async function describeShapes(
  admin: Admin,
  names: readonly string[],
): Promise<Map<string, Omit<TopicDescription, 'settings'>>> {
  const existing = new Set(await admin.listTopics());
  const topics = names.filter((name) => existing.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await explainDenial(`Describe on topics ${topics.join(', ')}`, () =>
    admin.fetchTopicMetadata({ topics }),
  );
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      {
        name,
        partitions: partitions.length,
        replicas: Math.min(...partitions.map((partition) => partition.replicas.length)),
      },
    ]),
  );
}

async function readSettings(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, TopicDescription['settings']>> {
  const wanted = topics.map((name) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name,
    configNames: [...TOPIC_SETTINGS],
  }));
  const { resources } = await explainDenial(`DescribeConfigs on topics ${topics.join(', ')}`, () =>
    admin.describeConfigs({ includeSynonyms: false, resources: wanted }),
  );
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map((entry) => [entry.configName, entry.configValue])),
    ]),
  );
}
