import { Failure } from '@latchkey/contracts';
import {
  describeTopics,
  ensureOutputTopics,
  type OutputTopicWanted,
  planOutputTopic,
  refuseBrokenOutputs,
  type TopicAdmin,
  type TopicDescription,
} from '@latchkey/kafka';
import { type Db, ensureLanes, type LaneRow, listLanes } from '@latchkey/postgres';
import type { RelayedTopic } from './run-topic.ts';

export interface OutputsWanted {
  readonly topics: readonly string[];
  /** Partitions of each topic; undefined: as many as the topics have. */
  readonly partitions: number | undefined;
  /** Whether missing topics are created. */
  readonly create: boolean;
}

/**
 * Creates what is missing: each output topic exists afterwards, and has a lane for each of its partitions. Other processes
 * may do the same meanwhile.
 *
 * @throws Failure PARTITION_COUNT_DIFFERS when a topic, the settings and the database disagree;
 *   TOPIC_SETTING when topics are missing and must not be created, or one is compacted
 */
export async function prepareOutputs(
  db: Db,
  admin: TopicAdmin,
  { topics, partitions, create }: OutputsWanted,
): Promise<readonly RelayedTopic[]> {
  const recorded = lanesByTopic(await db.run(listLanes, {}));
  const wanted = topics.map((topic) => ({
    topic,
    configured: partitions,
    recorded: recorded.get(topic)?.length,
  }));
  const described = await (create ? ensureOutputTopics : existingTopics)(admin, wanted);
  refuseBrokenOutputs([...described.values()]);
  for (const { name, partitions: count } of described.values()) {
    // eslint-disable-next-line no-await-in-loop -- once, at start
    await db.run(ensureLanes, { topic: name, partitions: count });
  }
  const lanes = lanesByTopic(await db.run(listLanes, {}));
  return wanted.map(({ topic, configured }) => {
    const own = lanes.get(topic) ?? [];
    // Another process may have created them meanwhile, with other settings.
    planOutputTopic({
      topic,
      configured,
      existing: described.get(topic)?.partitions,
      recorded: own.length,
    });
    return relayedTopic(topic, own);
  });
}

async function existingTopics(
  admin: TopicAdmin,
  wanted: readonly OutputTopicWanted[],
): Promise<Map<string, TopicDescription>> {
  const described = await describeTopics(
    admin,
    wanted.map(({ topic }) => topic),
  );
  const missing = wanted.filter(({ topic }) => !described.has(topic)).map(({ topic }) => topic);
  if (missing.length > 0) throw new Failure('TOPIC_SETTING', { missing });
  for (const one of wanted) {
    planOutputTopic({ ...one, existing: described.get(one.topic)?.partitions });
  }
  return described;
}

function lanesByTopic(rows: readonly LaneRow[]): ReadonlyMap<string, readonly LaneRow[]> {
  return Map.groupBy(rows, ({ topic }) => topic);
}

function relayedTopic(topic: string, lanes: readonly LaneRow[]): RelayedTopic {
  const [first, ...others] = lanes.map(({ lane }) => lane);
  if (first === undefined) throw new Error(`${topic} has no lanes`);
  return { topic, lanes: [first, ...others] };
}
