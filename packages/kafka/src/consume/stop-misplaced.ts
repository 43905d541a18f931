import type { KafkaLog } from '../connection/kafka-log.ts';
import { type Assignment, type LeasedPartition, namesOf } from './assignment.ts';
import { type FetchControl, stopPartition } from './fetch-control.ts';
import type { PartitionReading } from './partition-reading.ts';

export interface MisplacedCheck {
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: Pick<PartitionReading, 'misplaced'>;
  readonly log: KafkaLog;
}

/**
 * Asks the reader which partitions are read from a wrong position, and stops them until they are located again. Leaves
 * alone partitions that are processing, stopped or locating, and those that advanced or were lost before the answer.
 * Never rejects; a failed check is repeated with the next call.
 */
export async function stopMisplaced(check: MisplacedCheck): Promise<void> {
  const { assignment, control, reading, log } = check;
  const checked = assignment.all().filter((leased) => isReading(assignment, leased));
  if (checked.length === 0) return;
  // Copied before the reader checks: batches that it processes meanwhile only move it forward, so it is behind one of
  // these offsets only if it went back.
  const offsets = new Map(checked.map((leased) => [leased, leased.nextOffset]));
  const positions = checked.map(({ topic, partition, nextOffset }) => ({
    topic,
    partition,
    nextOffset,
  }));
  try {
    const found = (await reading.misplaced?.(positions)) ?? [];
    const misplaced = found
      .map(({ topic, partition }) => assignment.find(topic, partition))
      .filter((leased) => leased !== undefined)
      .filter(
        (leased) => isReading(assignment, leased) && offsets.get(leased) === leased.nextOffset,
      );
    if (misplaced.length === 0) return;
    for (const leased of misplaced) stopPartition(control, leased);
    log.warn(
      { partitions: namesOf(misplaced) },
      'positions went back or were stopped under us; locating again',
    );
  } catch (error) {
    // The next batch would fail, too, which is logged as a warning.
    log.debug({ err: error }, 'positions not compared');
  }
}

function isReading(assignment: Assignment, leased: LeasedPartition): boolean {
  return leased.status === 'reading' && assignment.isActive(leased);
}
