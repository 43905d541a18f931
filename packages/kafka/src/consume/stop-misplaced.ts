import type { KafkaLog } from '../kafka-log.ts';
import { type Assignment, type HeldPartition, namesOf } from './assignment.ts';
import type { FetchControl } from './fetch-control.ts';
import type { PartitionReading } from './partition-reading.ts';
import { stop } from './take.ts';

export interface Placing {
  readonly assignment: Assignment;
  readonly control: FetchControl;
  readonly reading: Pick<PartitionReading, 'misplaced'>;
  readonly log: KafkaLog;
}

/**
 * Asks the reader whether partitions are still read from where it stands, and stops those that are not, until they are
 * located again. Left alone are those that have a batch in hand, are stopped or are being located, and those that went on
 * or were lost before the answer came. Never rejects: what was not answered is asked again next time.
 */
export async function stopMisplaced(placing: Placing): Promise<void> {
  const { assignment, reading, log } = placing;
  const wanted = assignment.all().filter((held) => isWanted(assignment, held));
  if (wanted.length === 0) return;
  // Copied before the reader looks: what it takes meanwhile only moves it further, so that it is short of none of these
  // unless it went back.
  const asked = new Map(wanted.map((held) => [held, held.nextOffset]));
  const places = wanted.map(({ topic, partition, nextOffset }) => ({
    topic,
    partition,
    nextOffset,
  }));
  try {
    const found = (await reading.misplaced?.(places)) ?? [];
    const misplaced = found
      .map(({ topic, partition }) => assignment.find(topic, partition))
      .filter((held) => held !== undefined)
      .filter((held) => isWanted(assignment, held) && asked.get(held) === held.nextOffset);
    if (misplaced.length === 0) return;
    for (const held of misplaced) stop(placing, held);
    log.warn(
      { partitions: namesOf(misplaced) },
      'positions went back or were stopped under us; locating again',
    );
  } catch (error) {
    // Taking the next batch would fail, too, and is logged as a warning.
    log.debug({ err: error }, 'positions not compared');
  }
}

function isWanted(assignment: Assignment, held: HeldPartition): boolean {
  return held.status === 'reading' && assignment.mayWork(held);
}
