import type { Admin, ITopicConfig } from 'kafkajs';
import { explainDenial } from '../errors/not-allowed.ts';
import { describeShapes, type TopicSetting } from './describe-topics.ts';

export interface TopicToCreate {
  readonly name: string;
  readonly partitions: number;
  /** Undefined: the brokers' default. */
  readonly replicas: number | undefined;
  readonly settings: Readonly<Partial<Record<TopicSetting, string>>>;
}

const CREATE_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/**
 * Creates the topics that are missing, and waits until each partition has a leader. Topics that exist are not changed.
 * Several processes may call this at once.
 *
 * @throws Error when a partition has no leader after 15 s
 */
export async function createMissingTopics(
  admin: Admin,
  topics: readonly TopicToCreate[],
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !existing.has(topic.name));
  if (missing.length === 0) return;
  const names = missing.map((topic) => topic.name);
  // A topic that we may not describe looks missing, and the brokers deny creating it, too.
  await explainDenial(`Create on topics ${names.join(', ')}, and Describe`, () =>
    admin.createTopics({
      topics: missing.map(topicConfig),
      timeout: CREATE_TIMEOUT_MS,
      waitForLeaders: false,
    }),
  );
  await waitForLeaders(admin, names);
}

function topicConfig(topic: TopicToCreate): ITopicConfig {
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicas ?? -1,
    configEntries: Object.entries(topic.settings).map(([name, value]) => ({ name, value })),
  };
}

/** A broker may not know a new topic or its leaders yet. */
async function waitForLeaders(admin: Admin, topics: string[], partitions = 1): Promise<void> {
  const deadline = Date.now() + CREATE_TIMEOUT_MS;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- polls
    if (await haveLeaders(admin, topics, partitions)) return;
    if (Date.now() > deadline) throw new Error(`no leaders for ${topics.join(', ')}`);
    // eslint-disable-next-line no-await-in-loop -- polls
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function haveLeaders(admin: Admin, names: string[], least: number): Promise<boolean> {
  const existing = new Set(await admin.listTopics());
  if (!names.every((name) => existing.has(name))) return false;
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    return topics.every(
      (topic) =>
        topic.partitions.length >= least &&
        topic.partitions.every((partition) => partition.leader >= 0),
    );
  } catch {
    return false; // LEADER_NOT_AVAILABLE and similar, until the deadline.
  }
}

/** Adds partitions to a topic that has fewer, and waits until each has a leader. */
export async function addPartitions(
  admin: Admin,
  topic: string,
  partitions: number,
): Promise<void> {
  const described = (await describeShapes(admin, [topic])).get(topic);
  if ((described?.partitions ?? 0) < partitions) {
    await explainDenial(`Alter on topic ${topic}`, () =>
      admin.createPartitions({
        timeout: CREATE_TIMEOUT_MS,
        topicPartitions: [{ topic, count: partitions }],
      }),
    );
  }
  await waitForLeaders(admin, [topic], partitions);
}
