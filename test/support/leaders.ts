import type { Admin } from 'kafkajs';

/** Moves each partition away from the broker that leads it. */
export async function depose(
  admin: Admin,
  topic: string,
  leaders: readonly number[],
): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const partitionAssignment = leaders.map((leader, partition) => ({
    partition,
    replicas: brokers.map(({ nodeId }) => nodeId).filter((id) => id !== leader),
  }));
  await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
}

/** The id of the leading broker of each partition, in the order of partitions. */
export async function leadersOf(admin: Admin, topic: string): Promise<readonly number[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return (topics[0]?.partitions ?? [])
    .toSorted((a, b) => a.partitionId - b.partitionId)
    .map(({ leader }) => leader);
}
