import type { OutputTopic } from '@latchkey/contracts';
import { type Outputs, outputLanes } from '@latchkey/intake';
import { describeShapes, planOutputTopic, type TopicAdmin } from '@latchkey/kafka';
import { type Db, ensureLanes, listLanes, readOutputState } from '@latchkey/postgres';

/**
 * Returns the lanes of all output topics, one for each partition. Creates the lanes of a topic that has none: as many as
 * the topic has partitions, or will have once a relay has created it.
 *
 * @param configured - OUTPUT_PARTITIONS
 * @throws Failure PARTITION_COUNT_DIFFERS when topic, configuration and database do not agree
 */
export async function openOutputs(
  db: Db,
  admin: TopicAdmin,
  names: Readonly<Record<OutputTopic, string>>,
  configured: number | undefined,
  installation: string,
): Promise<Outputs> {
  const topics = Object.values(names);
  const existing = await describeShapes(admin, topics);
  const lanes = await db.run(listLanes, {});
  for (const topic of topics.toSorted()) {
    const known = lanes.filter((lane) => lane.topic === topic).length;
    const partitions = planOutputTopic({
      topic,
      configured,
      existing: existing.get(topic)?.partitions,
      recorded: known === 0 ? undefined : known,
    });
    // eslint-disable-next-line no-await-in-loop -- five topics, once at start
    if (known === 0) await db.run(ensureLanes, { topic, partitions });
  }
  // Read before the lanes: if lanes are added in between, no transaction appends to the old ones.
  const { layout } = await readOutputState(db);
  return { installation, lanes: outputLanes(await db.run(listLanes, {}), names), layout };
}
