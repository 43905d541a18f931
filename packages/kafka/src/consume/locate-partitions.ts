import type { Admin } from 'kafkajs';
import type { KafkaLog } from '../connection/kafka-log.ts';
import { type LogOffsets, readLogOffsets } from '../topics/read-offsets.ts';
import type { Assignment, LeasedPartition } from './assignment.ts';
import type { FetchControl } from './fetch-control.ts';
import type { PartitionReading } from './partition-reading.ts';

const RETRY_MS = 1_000;

export interface Locating {
  readonly admin: Admin;
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: PartitionReading;
  readonly log: KafkaLog;
}

/**
 * Locates paused partitions, and resumes those that have a position. Retries until each is located or no longer leased.
 * Never rejects.
 */
export async function locatePartitions(
  locating: Locating,
  partitions: readonly LeasedPartition[],
): Promise<void> {
  const idle = partitions.filter((leased) => leased.processing === undefined);
  const byTopic = Map.groupBy(idle, (leased) => leased.topic);
  await Promise.all([
    ...[...byTopic].map(([topic, leased]) => locateTopic(locating, topic, leased)),
    ...partitions
      .filter((leased) => leased.processing !== undefined)
      .map(async (leased) => {
        // A running batch moves the position, and the log's end must not be older than the position.
        await leased.processing;
        await locateTopic(locating, leased.topic, [leased]);
      }),
  ]);
}

async function locateTopic(
  locating: Locating,
  topic: string,
  partitions: readonly LeasedPartition[],
): Promise<void> {
  let left = partitions;
  while (left.length > 0) {
    // eslint-disable-next-line no-await-in-loop -- retries those that failed
    left = await tryToLocate(locating, topic, left);
    // eslint-disable-next-line no-await-in-loop -- pauses
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Returns the partitions to retry. */
async function tryToLocate(
  locating: Locating,
  topic: string,
  partitions: readonly LeasedPartition[],
): Promise<LeasedPartition[]> {
  const { admin, assignment, log } = locating;
  const active = partitions.filter((leased) => assignment.isActive(leased));
  if (active.length === 0) return [];
  try {
    const offsets = await readLogOffsets(admin, topic);
    const isDone = await Promise.all(
      active.map((leased) => locateOne(locating, leased, offsets.get(leased.partition))),
    );
    return active.filter((_, index) => isDone[index] === false);
  } catch (error) {
    const left = active.filter((leased) => assignment.isActive(leased));
    if (left.length > 0) {
      log.warn({ err: error, topic }, 'the log of a topic could not be asked for; trying again');
    }
    return left;
  }
}

/** Returns false if the partition must be retried. */
async function locateOne(
  { assignment, control, reading, log }: Locating,
  leased: LeasedPartition,
  offsets: LogOffsets | undefined,
): Promise<boolean> {
  if (offsets === undefined) return false; // The broker does not know this new partition yet.
  const { topic, partition } = leased;
  try {
    const located = await reading.locate({
      topic,
      partition,
      logStart: offsets.start,
      logEnd: offsets.end,
    });
    if (!assignment.isActive(leased)) return true;
    if (located === 'stopped') {
      leased.status = 'stopped';
      return true;
    }
    leased.nextOffset = located.seekTo;
    leased.status = 'reading';
    control.seek(leased);
    control.resume(leased);
    return true;
  } catch (error) {
    if (!assignment.isActive(leased)) return true;
    log.warn({ err: error, topic, partition }, 'a partition could not be located; trying again');
    return false;
  }
}
