import { ByteReader } from './byte-reader.ts';
import type { FetchedMessage } from './fetched-message.ts';
import { type AbortedTransaction, decodeRecordSet } from './record-set.ts';

/** A fetch response in the shape of kafkajs' decoder. Numbers of 64 bits are strings. */
export interface FetchResponse {
  /** Always 0: the client waits, not the broker. */
  readonly throttleTime: 0;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly FetchedTopic[];
}

interface FetchedTopic {
  readonly topicName: string;
  readonly partitions: readonly FetchedPartition[];
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  /** Always empty: records of aborted transactions were replaced by placeholders. */
  readonly abortedTransactions: readonly never[];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedMessage[];
}

/**
 * Decodes a Fetch response of version 11, the newest that kafkajs supports.
 *
 * @param placeholderTopics - topics whose consumer receives placeholders (see decodeRecordSet)
 */
export async function decodeFetchResponse(
  payload: Buffer,
  placeholderTopics: ReadonlySet<string>,
): Promise<FetchResponse> {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const topics = readList(reader, (topic) => ({
    topicName: topic.text(topic.int16()),
    partitions: readList(topic, readPartition),
  }));
  const responses: FetchedTopic[] = [];
  for (const { topicName, partitions } of topics) {
    const decoded: FetchedPartition[] = [];
    for (const { set, aborted, ...partition } of partitions) {
      // eslint-disable-next-line no-await-in-loop -- one at a time, to bound memory
      const messages = await decodeRecordSet(set, aborted, placeholderTopics.has(topicName));
      decoded.push({ ...partition, abortedTransactions: [], messages });
    }
    responses.push({ topicName, partitions: decoded });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

type UndecodedPartition = Omit<FetchedPartition, 'messages' | 'abortedTransactions'> & {
  readonly set: Buffer;
  readonly aborted: readonly AbortedTransaction[];
};

function readPartition(reader: ByteReader): UndecodedPartition {
  return {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64().toString(),
    lastStableOffset: reader.int64().toString(),
    lastStartOffset: reader.int64().toString(),
    aborted: readList(reader, (transaction) => ({
      producerId: transaction.int64(),
      firstOffset: transaction.int64(),
    })),
    preferredReadReplica: reader.int32(),
    set: reader.bytes(reader.int32()) ?? Buffer.alloc(0),
  };
}

/** JavaScript evaluates members in the order of the source, which is the order on the wire. */
function readList<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const length = reader.int32();
  if (length > reader.left) throw new RangeError('a list is longer than the response');
  return Array.from({ length: Math.max(length, 0) }, () => read(reader));
}
