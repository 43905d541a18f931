import { crc32c } from './crc32c.ts';
import type { EncodedRecords } from './encoded-records.ts';

/** A Produce request in the shape that kafkajs passes to its encoder. */
export interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId: string | null | undefined;
  /** A decimal, or kafkajs' own Long. */
  readonly producerId: { toString(): string };
  readonly producerEpoch: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly PartitionData[];
  }[];
}

interface PartitionData {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: EncodedRecords;
}

/** The members of an encoder that kafkajs uses to copy the bytes into its request. */
export interface EncodedRequest {
  readonly buf: Buffer;
  readonly buffer: {
    readonly length: number;
    copy(target: Buffer, at: number): number;
  };
}

const HEADER_BYTES = 61;
/** The field `length` of a batch counts from here. */
const LENGTH_STARTS = 12;
const FORMAT = 2;
const CHECKSUM_AT = 17;
/** The checksum counts from here. */
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 0x10;

/** Encodes a Produce request of version 3 to 7, without compression. */
export function encodeProduce(request: ProduceRequest, nowMs = Date.now()): EncodedRequest {
  const pieces = [
    text(request.transactionalId ?? null),
    int16(request.acks),
    int32(request.timeout),
    int32(request.topicData.length),
    ...request.topicData.flatMap(({ topic, partitions }) => [
      text(topic),
      int32(partitions.length),
      ...partitions.flatMap((data) => partitionOf(data, request, nowMs)),
    ]),
  ];
  return encoded(pieces);
}

function partitionOf(
  data: PartitionData,
  request: ProduceRequest,
  nowMs: number,
): readonly Buffer[] {
  const { bytes } = data.messages;
  const header = batchHeader(data, request, nowMs);
  return [int32(data.partition), int32(header.length + bytes.length), header, bytes];
}

function batchHeader(
  { messages, firstSequence }: PartitionData,
  { transactionalId, producerId, producerEpoch }: ProduceRequest,
  nowMs: number,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES); // with the base offset and leader epoch 0
  header.writeInt32BE(HEADER_BYTES - LENGTH_STARTS + messages.bytes.length, 8);
  header.writeInt8(FORMAT, 16);
  const isTransactional = transactionalId !== null && transactionalId !== undefined;
  header.writeInt16BE(isTransactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT);
  header.writeInt32BE(messages.length - 1, 23);
  header.writeBigInt64BE(BigInt(nowMs), 27);
  header.writeBigInt64BE(BigInt(nowMs), 35);
  header.writeBigInt64BE(BigInt(producerId.toString()), 43);
  header.writeInt16BE(producerEpoch, 51);
  header.writeInt32BE(firstSequence, 53);
  header.writeInt32BE(messages.length, 57);
  const checksum = crc32c(messages.bytes, crc32c(header.subarray(ATTRIBUTES_AT)));
  header.writeUInt32BE(checksum, CHECKSUM_AT);
  return header;
}

/** Does not join the pieces: kafkajs copies them twice anyway. */
function encoded(pieces: readonly Buffer[]): EncodedRequest {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    buf: Buffer.alloc(0),
    buffer: {
      length,
      copy(target, at) {
        let next = at;
        for (const piece of pieces) next += piece.copy(target, next);
        return length;
      },
    },
  };
}

function text(value: string | null): Buffer {
  if (value === null) return int16(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
