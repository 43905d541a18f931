import kafkajs, { type Admin, type ITopicConfig, type Kafka } from 'kafkajs';
import { withUncommittedEnds } from './list-uncommitted.ts';
import { needing } from './not-allowed.ts';

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
  /** Of the partition that has the fewest. */
  readonly replicas: number;
  /** In force, whether set on the topic or by default. */
  readonly settings: Readonly<Partial<Record<TopicSetting, string>>>;
}

export interface TopicToCreate {
  readonly name: string;
  readonly partitions: number;
  /** Undefined: as many as the brokers have by default. */
  readonly replicas: number | undefined;
  readonly settings: Readonly<Partial<Record<TopicSetting, string>>>;
}

/** Of one partition; both are 0 if nothing was ever written. */
export interface LogOffsets {
  /** The first offset that still exists. */
  readonly start: bigint;
  /** One past the last record that a `read_committed` reader may see. */
  readonly end: bigint;
}

/** What a consumer group committed for one partition. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** Empty if none was given. */
  readonly metadata: string;
}

const CREATE_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

/** A connected admin client; disposing disconnects it. */
export type TopicAdmin = Admin & AsyncDisposable;

/** Connects an admin client. Waits as long as no broker answers. Rejects where they refuse our credentials. */
export async function openAdmin(kafka: Kafka): Promise<TopicAdmin> {
  const admin = kafka.admin();
  await admin.connect();
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.disconnect() });
}

/** Identifies the cluster; another one has another id. */
export async function clusterId(admin: Admin): Promise<string> {
  return (await admin.describeCluster()).clusterId;
}

/**
 * Describes those of the topics that exist, by name. One that we may not describe does not exist for us.
 *
 * @throws NotAllowedError where we may not describe the settings of one of them
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

/** What can be told of topics without the right to describe their settings; see `describeTopics`. */
export async function describeShapes(
  admin: Admin,
  names: readonly string[],
): Promise<Map<string, Omit<TopicDescription, 'settings'>>> {
  const existing = new Set(await admin.listTopics());
  const topics = names.filter((name) => existing.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await needing(`Describe on topics ${topics.join(', ')}`, () =>
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
  const { resources } = await needing(`DescribeConfigs on topics ${topics.join(', ')}`, () =>
    admin.describeConfigs({ includeSynonyms: false, resources: wanted }),
  );
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map((entry) => [entry.configName, entry.configValue])),
    ]),
  );
}

/**
 * Creates those of the topics that are missing; afterwards each has its leaders. Those that exist are left as they
 * are, whatever their settings; several processes may do this at once.
 *
 * @throws Error when a topic has no leaders after 15 s
 */
export async function createMissingTopics(
  admin: Admin,
  topics: readonly TopicToCreate[],
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !existing.has(topic.name));
  if (missing.length === 0) return;
  const names = missing.map((topic) => topic.name);
  // One that exists and that we may not describe looks missing, and the brokers refuse it, too.
  await needing(`Create on topics ${names.join(', ')}, and Describe`, () =>
    admin.createTopics({
      topics: missing.map(topicConfig),
      timeout: CREATE_TIMEOUT_MS,
      waitForLeaders: false,
    }),
  );
  await untilLed(admin, names);
}

function topicConfig(topic: TopicToCreate): ITopicConfig {
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicas ?? -1,
    configEntries: Object.entries(topic.settings).map(([name, value]) => ({ name, value })),
  };
}

/** The broker that is asked may not have heard of a new topic yet, nor of its leaders. */
async function untilLed(admin: Admin, topics: string[], partitions = 1): Promise<void> {
  const deadline = Date.now() + CREATE_TIMEOUT_MS;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- polls
    if (await areLed(admin, topics, partitions)) return;
    if (Date.now() > deadline) throw new Error(`no leaders for ${topics.join(', ')}`);
    // eslint-disable-next-line no-await-in-loop -- polls
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function areLed(admin: Admin, names: string[], least: number): Promise<boolean> {
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
    return false; // LEADER_NOT_AVAILABLE, and the like, until the deadline.
  }
}

/** Afterwards the topic has that many partitions, each with a leader. A topic that has them already is left alone. */
export async function addPartitions(
  admin: Admin,
  topic: string,
  partitions: number,
): Promise<void> {
  const described = (await describeShapes(admin, [topic])).get(topic);
  if ((described?.partitions ?? 0) < partitions) {
    await needing(`Alter on topic ${topic}`, () =>
      admin.createPartitions({
        timeout: CREATE_TIMEOUT_MS,
        topicPartitions: [{ topic, count: partitions }],
      }),
    );
  }
  await untilLed(admin, [topic], partitions);
}

/**
 * Where the log of each partition of a topic starts and ends.
 *
 * @param partitions - how many the topic has, as far as is known
 * @throws Error when the brokers tell of fewer, also after a second
 */
export async function logOffsets(
  admin: Admin,
  topic: string,
  partitions = 0,
): Promise<Map<number, LogOffsets>> {
  const told = await needing(`Describe on topic ${topic}`, () =>
    untilWhole(topic, partitions, () => admin.fetchTopicOffsets(topic)),
  );
  return new Map(
    told.map(({ partition, low, high }) => [partition, { start: BigInt(low), end: BigInt(high) }]),
  );
}

/**
 * The same with the high watermarks as ends: one past the last record that every replica has, also where transactions
 * are open and no `read_committed` reader may see it yet.
 */
export function writtenOffsets(
  admin: Admin,
  topic: string,
  partitions = 0,
): Promise<Map<number, LogOffsets>> {
  return withUncommittedEnds(() => logOffsets(admin, topic, partitions));
}

/**
 * What a group committed for the partitions of a topic. One that is missing has nothing committed.
 *
 * @param partitions - how many the topic has
 * @throws Error when the brokers tell of fewer, also after a second
 */
export async function committedOffsets(
  admin: Admin,
  groupId: string,
  topic: string,
  partitions: number,
): Promise<Map<number, CommittedOffset>> {
  const told = await needing(`Read on group ${groupId} and Describe on topic ${topic}`, () =>
    untilWhole(topic, partitions, async () => {
      const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return fetched?.partitions ?? [];
    }),
  );
  const committed = told.filter(({ offset }) => BigInt(offset) >= 0n);
  return new Map(
    committed.map(({ partition, offset, metadata }) => [
      partition,
      { offset: BigInt(offset), metadata: metadata ?? '' },
    ]),
  );
}

const WHOLE_TRIES = 20;

/**
 * kafkajs looks up the partitions of a topic in metadata that another call of the same client may have replaced
 * meanwhile by those of another topic. It then knows of none, and asks about none.
 */
async function untilWhole<T>(
  topic: string,
  partitions: number,
  ask: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  for (let tries = 0; tries < WHOLE_TRIES; tries += 1) {
    // eslint-disable-next-line no-await-in-loop -- asks again
    const told = await ask().catch((error: unknown): readonly T[] => {
      // Where it has lost the metadata between two requests.
      if (error instanceof TypeError && partitions > 0) return [];
      throw error;
    });
    if (told.length >= partitions) return told;
    // eslint-disable-next-line no-await-in-loop -- and not at once
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the brokers have told of fewer than ${partitions} partitions of ${topic}`);
}
