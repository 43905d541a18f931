import { epochOf } from '@latchkey/contracts';
import {
  type ConsumedRecord,
  type LogOffsets,
  type LogTail,
  openKafka,
  readLogTail,
  withoutInfo,
} from '@latchkey/kafka';
import type { KafkaAccess } from './acquire-topic.ts';
import { anchorOf, digestOf } from './anchor.ts';

/** A message of a relay, as it is in the topic. */
export interface PublishedRecord {
  readonly position: bigint;
  readonly ceId: string;
  readonly anchor: string;
  readonly epoch: number;
  readonly generation: bigint;
  readonly record: ConsumedRecord;
}

/** Below 2^63. */
const NUMBER = /^\d{1,18}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The wanted part of a partition's log. */
export interface TailWanted {
  readonly log: LogOffsets;
  /** From a record at or before this position on, or from the start of the log. */
  readonly back: bigint;
}

/** Processes the messages that are read. */
export interface TailReader {
  /** Called with the next messages of a partition, of one fetch at most; one call at a time for each partition. */
  readonly process: (partition: number, records: readonly PublishedRecord[]) => Promise<void>;
  /** Awaited before the next messages are processed. */
  readonly turn?: () => Promise<unknown>;
}

/**
 * Reads the last messages of partitions, in the order of the log, without keeping them. Skips records that no relay has
 * published.
 *
 * @returns the partitions of which the retention has deleted wanted records since `wanted` was read
 */
export async function readPublishedTail(
  kafka: KafkaAccess,
  topic: string,
  wanted: ReadonlyMap<number, TailWanted>,
  { process, ...rest }: TailReader,
): Promise<ReadonlySet<number>> {
  return await readTail(kafka, topic, {
    ...rest,
    logs: new Map([...wanted].map(([partition, { log }]) => [partition, log])),
    isEnough: (partition, first) => {
      const [own] = parseRecord(first);
      return own !== undefined && own.position <= (wanted.get(partition)?.back ?? 0n);
    },
    process: (partition, records) => process(partition, records.flatMap(parseRecord)),
  });
}

/** By partition, the last message that a relay has published; none for a partition without one. */
export async function readLastPublished(
  kafka: KafkaAccess,
  topic: string,
  logs: ReadonlyMap<number, LogOffsets>,
): Promise<ReadonlyMap<number, PublishedRecord>> {
  const last = new Map<number, PublishedRecord>();
  await readTail(kafka, topic, {
    logs,
    isEnough: (_, first) => parseRecord(first).length > 0,
    process: (partition, records) => {
      const own = records.flatMap(parseRecord).at(-1);
      if (own !== undefined) last.set(partition, own);
      return Promise.resolve();
    },
  });
  return last;
}

function readTail(
  { kafkaSettings, log }: KafkaAccess,
  topic: string,
  wanted: LogTail,
): Promise<ReadonlySet<number>> {
  const { giveUp } = kafkaSettings;
  const quiet = withoutInfo(log);
  return readLogTail(openKafka(kafkaSettings, quiet, giveUp), topic, wanted, quiet, giveUp);
}

/** Empty where no relay has published the record. */
function parseRecord(record: ConsumedRecord): readonly PublishedRecord[] {
  const headers = new Map(record.headers.map(([name, value]) => [name, value.toString()]));
  const position = headers.get('lk_position') ?? '';
  const generation = headers.get('lk_generation') ?? '';
  const ceId = headers.get('ce_id') ?? '';
  if (!NUMBER.test(position) || !NUMBER.test(generation) || !UUID.test(ceId)) return [];
  const anchor = anchorOf({ ceId, digest: digestOf(headers.get('ce_time'), record.value ?? '') });
  return [
    {
      position: BigInt(position),
      ceId,
      anchor,
      epoch: epochOf(BigInt(generation)),
      generation: BigInt(generation),
      record,
    },
  ];
}
