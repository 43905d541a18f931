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

/** A message as it stands in the topic. */
export interface PublishedRecord {
  readonly position: bigint;
  readonly ceId: string;
  readonly anchor: string;
  readonly epoch: number;
  readonly record: ConsumedRecord;
}

const POSITION = /^\d{1,19}$/;

/** Which part of a partition's log is wanted. */
export interface TailWanted {
  readonly log: LogOffsets;
  /** From a record at or before this position on, or from where the log begins. */
  readonly back: bigint;
}

/** Where the messages go that are read. */
export interface TailTaking {
  /** Given the next messages of a partition, those of one fetch at most; one call at a time for each partition. */
  readonly take: (partition: number, records: readonly PublishedRecord[]) => Promise<void>;
  /** Waited for before anything is taken. */
  readonly turn?: () => Promise<unknown>;
}

/**
 * Reads the last messages of partitions, in the order of the log, and keeps nothing of them. What stands in the topic and
 * is no message of a relay is passed over.
 *
 * @returns the partitions of which the retention has deleted what was wanted, since `wanted` was asked for
 */
export async function readPublishedTail(
  kafka: KafkaAccess,
  topic: string,
  wanted: ReadonlyMap<number, TailWanted>,
  { take, ...rest }: TailTaking,
): Promise<ReadonlySet<number>> {
  return await readTail(kafka, topic, {
    ...rest,
    logs: new Map([...wanted].map(([partition, { log }]) => [partition, log])),
    isEnough: (partition, first) => {
      const position = positionIn(first);
      return position !== undefined && position <= (wanted.get(partition)?.back ?? 0n);
    },
    take: (partition, records) => take(partition, records.flatMap(publishedRecord)),
  });
}

/** The last message of a relay in each partition; none of a partition that has none. */
export async function readLastPublished(
  kafka: KafkaAccess,
  topic: string,
  logs: ReadonlyMap<number, LogOffsets>,
): Promise<ReadonlyMap<number, PublishedRecord>> {
  const last = new Map<number, PublishedRecord>();
  await readTail(kafka, topic, {
    logs,
    isEnough: (_, first) => positionIn(first) !== undefined,
    take: (partition, records) => {
      const own = records.findLast((record) => positionIn(record) !== undefined);
      for (const record of own === undefined ? [] : publishedRecord(own))
        last.set(partition, record);
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

/** Empty: somebody else has written it. */
function publishedRecord(record: ConsumedRecord): readonly PublishedRecord[] {
  const position = positionIn(record);
  if (position === undefined) return [];
  const headers = new Map(record.headers.map(([name, value]) => [name, value.toString()]));
  const digest = digestOf(headers.get('ce_time'), record.value ?? '');
  const ceId = headers.get('ce_id') ?? '';
  const epoch = epochOf(BigInt(headers.get('lk_generation') ?? 0));
  return [{ position, ceId, anchor: anchorOf({ ceId, digest }), epoch, record }];
}

function positionIn({ headers }: ConsumedRecord): bigint | undefined {
  const header = headers.findLast(([name]) => name === 'lk_position');
  const text = header?.[1].toString() ?? '';
  return POSITION.test(text) ? BigInt(text) : undefined;
}
