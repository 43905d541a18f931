import { Failure } from '@latchkey/contracts';

/** The known partition counts of an output topic; undefined if unknown. */
export interface OutputTopicKnown {
  readonly topic: string;
  /** On the brokers; undefined if the topic does not exist. */
  readonly existing: number | undefined;
  /** OUTPUT_PARTITIONS. */
  readonly configured: number | undefined;
  /** Its lanes in the database; undefined if there are none yet. */
  readonly recorded: number | undefined;
}

const DEFAULT_PARTITIONS = 4;

/**
 * Plans how many partitions, and so how many lanes, an output topic has: as the topic exists, else as configured, else
 * as recorded, else 4. Known counts must be equal: the count maps keys to partitions.
 *
 * @throws Failure PARTITION_COUNT_DIFFERS with all counts when two differ
 */
export function planOutputTopic(known: OutputTopicKnown): number {
  const { existing, configured, recorded } = known;
  const counts = [existing, configured, recorded].filter((count) => count !== undefined);
  if (new Set(counts).size > 1) throw new Failure('PARTITION_COUNT_DIFFERS', { ...known });
  return counts[0] ?? DEFAULT_PARTITIONS;
}
