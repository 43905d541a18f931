import { Failure } from '@latchkey/contracts';

/** What is known of an output topic's partitions; undefined where nobody has said. */
export interface OutputTopicKnown {
  readonly topic: string;
  /** Of the topic on the brokers; undefined if there is none yet. */
  readonly existing: number | undefined;
  /** What the configuration asks for (OUTPUT_PARTITIONS). */
  readonly configured: number | undefined;
  /** The lanes that the database has for it; undefined if it has none yet. */
  readonly recorded: number | undefined;
}

const DEFAULT_PARTITIONS = 4;

/**
 * How many partitions an output topic has, and so how many lanes: as the topic is, else as configured, else as the
 * database recorded, else 4. Whoever knows must agree, since a key is bound to its partition by their number.
 *
 * @throws Failure PARTITION_COUNT_DIFFERS when two of those that know differ, with what each says
 */
export function planOutputTopic(known: OutputTopicKnown): number {
  const { existing, configured, recorded } = known;
  const said = [existing, configured, recorded].filter((count) => count !== undefined);
  if (new Set(said).size > 1) throw new Failure('PARTITION_COUNT_DIFFERS', { ...known });
  return said[0] ?? DEFAULT_PARTITIONS;
}
