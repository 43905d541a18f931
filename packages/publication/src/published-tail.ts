import { epochOf, Failure } from '@latchkey/contracts';
import {
  type ConsumedRecord,
  type LogOffsets,
  LogTailTooLongError,
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
  /** Only where `keep` asked for it. */
  readonly record: ConsumedRecord | undefined;
}

/** Which part of a partition's log is wanted. */
export interface TailWanted {
  readonly log: LogOffsets;
  /** Back to the last record at or before this position; undefined: the last record will do. */
  readonly back: bigint | undefined;
  /** The position whose record is wanted with its content; undefined: of all that were read. */
  readonly keep: bigint | undefined;
}

/** The last record of a log, without its content. */
export function lastRecordOf(log: LogOffsets): TailWanted {
  return { log, back: undefined, keep: NO_POSITION };
}

const NO_POSITION = -1n;

/**
 * The last messages of partitions, in the order of the log, by partition: back to a position, or to
 * where the log begins. Empty where there are none.
 *
 * @throws Failure LOG_TAIL_TOO_LONG where that is further back than the last 1,000,000 offsets of a partition
 */
export async function readPublishedTail(
  kafka: KafkaAccess,
  topic: string,
  wanted: ReadonlyMap<number, TailWanted>,
): Promise<ReadonlyMap<number, readonly PublishedRecord[]>> {
  const log = withoutInfo(kafka.log);
  const { giveUp } = kafka.kafkaSettings;
  const logs = new Map([...wanted].map(([partition, { log }]) => [partition, log]));
  const reading = readLogTail(
    openKafka(kafka.kafkaSettings, log, giveUp),
    topic,
    {
      logs,
      read: (partition, record) => publishedRecord(record, wanted.get(partition)?.keep),
      isEnough: (partition, records) => {
        const back = wanted.get(partition)?.back;
        return records.some(({ position }) => back === undefined || position <= back);
      },
    },
    log,
    giveUp,
  );
  return await reading.catch((error: unknown) => {
    if (!(error instanceof LogTailTooLongError)) throw error;
    throw new Failure('LOG_TAIL_TOO_LONG', { topic, found: error.message }, { cause: error });
  });
}

function publishedRecord(record: ConsumedRecord, keep: bigint | undefined): PublishedRecord {
  const headers = new Map(record.headers.map(([name, value]) => [name, value.toString()]));
  const position = BigInt(headers.get('lk_position') ?? -1);
  const digest = digestOf(headers.get('ce_time'), record.value ?? '');
  const ceId = headers.get('ce_id') ?? '';
  return {
    position,
    ceId,
    anchor: anchorOf({ ceId, digest }),
    epoch: epochOf(BigInt(headers.get('lk_generation') ?? 0)),
    record: keep === undefined || keep === position ? record : undefined,
  };
}
