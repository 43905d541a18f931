import type { Admin } from 'kafkajs';
import type { KafkaLog } from '../kafka-log.ts';
import { type LogOffsets, logOffsets } from '../topics.ts';
import type { Assignment, HeldPartition } from './assignment.ts';
import type { FetchControl } from './fetch-control.ts';
import type { PartitionReading } from './partition-reading.ts';

const TRY_AGAIN_MS = 1_000;

export interface Locating {
  readonly admin: Admin;
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: PartitionReading;
  readonly log: KafkaLog;
}

/**
 * Finds the place of partitions that are paused, and resumes those that have one. Tries again until it is found or
 * the partition is no longer ours. Never rejects.
 */
export async function locatePartitions(
  locating: Locating,
  partitions: readonly HeldPartition[],
): Promise<void> {
  const idle = partitions.filter((held) => held.taking === undefined);
  const byTopic = Map.groupBy(idle, (held) => held.topic);
  await Promise.all([
    ...[...byTopic].map(([topic, held]) => locateTopic(locating, topic, held)),
    ...partitions
      .filter((held) => held.taking !== undefined)
      .map(async (held) => {
        // A batch that is still in hand moves the place, and the log's end must not be older than the place.
        await held.taking;
        await locateTopic(locating, held.topic, [held]);
      }),
  ]);
}

async function locateTopic(
  locating: Locating,
  topic: string,
  partitions: readonly HeldPartition[],
): Promise<void> {
  let left = partitions;
  while (left.length > 0) {
    // eslint-disable-next-line no-await-in-loop -- tries again those that failed
    left = await tryToLocate(locating, topic, left);
    // eslint-disable-next-line no-await-in-loop -- and not at once
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  }
}

/** Says which partitions are to be tried again. */
async function tryToLocate(
  locating: Locating,
  topic: string,
  partitions: readonly HeldPartition[],
): Promise<HeldPartition[]> {
  const { admin, assignment, log } = locating;
  const ours = partitions.filter((held) => assignment.mayWork(held));
  if (ours.length === 0) return [];
  try {
    const offsets = await logOffsets(admin, topic);
    const isDone = await Promise.all(
      ours.map((held) => locateOne(locating, held, offsets.get(held.partition))),
    );
    return ours.filter((_, index) => isDone[index] === false);
  } catch (error) {
    const left = ours.filter((held) => assignment.mayWork(held));
    if (left.length > 0) {
      log.warn({ err: error, topic }, 'the log of a topic could not be asked for; trying again');
    }
    return left;
  }
}

/** False if it is to be tried again. */
async function locateOne(
  { assignment, control, reading, log }: Locating,
  held: HeldPartition,
  offsets: LogOffsets | undefined,
): Promise<boolean> {
  if (offsets === undefined) return false; // A partition so new that the broker that was asked has not heard of it.
  const { topic, partition } = held;
  try {
    const place = await reading.locate({
      topic,
      partition,
      logStart: offsets.start,
      logEnd: offsets.end,
    });
    if (!assignment.mayWork(held)) return true;
    if (place === 'stopped') {
      held.status = 'stopped';
      return true;
    }
    held.nextOffset = place.seekTo;
    held.status = 'reading';
    control.seek(held);
    control.resume(held);
    return true;
  } catch (error) {
    if (!assignment.mayWork(held)) return true;
    log.warn({ err: error, topic, partition }, 'a partition could not be located; trying again');
    return false;
  }
}
