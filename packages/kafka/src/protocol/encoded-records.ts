import { ByteWriter } from './byte-writer.ts';

/** A message before it is encoded. The caller of `send` chooses its partition. */
export interface ProducedMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Readonly<Record<string, string | Buffer>>;
}

/** Records of 64 bytes to 8 KiB have a length of two bytes. */
const LIKELY_RECORD_BYTES = 1_000;

/**
 * Messages of one partition, encoded once. kafkajs passes them from `send` to the Produce request as if they were a list
 * of messages: it reads `length`, calls `find` for a message without a value, and `reduce` to group by partition. (It
 * would copy a list once for every message in it.)
 */
export class EncodedRecords {
  readonly length: number;
  /** The records of a batch, without its header. */
  readonly bytes: Buffer;
  readonly #partition: number;

  constructor(partition: number, length: number, bytes: Buffer) {
    this.#partition = partition;
    this.length = length;
    this.bytes = bytes;
  }

  /** No value is undefined. */
  find(): undefined {
    return undefined;
  }

  /** The messages by partition. */
  reduce(): Readonly<Record<number, EncodedRecords>> {
    return this.length === 0 ? {} : { [this.#partition]: this };
  }
}

/** Encodes messages into memory that the next call reuses. */
export class RecordEncoder {
  readonly #writer = new ByteWriter();

  encode(partition: number, messages: readonly ProducedMessage[]): EncodedRecords {
    this.#writer.reset();
    let offsetDelta = 0;
    for (const message of messages) {
      this.#record(message, offsetDelta);
      offsetDelta += 1;
    }
    return new EncodedRecords(partition, messages.length, this.#writer.written);
  }

  #record({ key, value, headers }: ProducedMessage, offsetDelta: number): void {
    const writer = this.#writer;
    writer.prefixed(LIKELY_RECORD_BYTES, () => {
      writer.int8(0); // attributes: unused
      writer.varint(0); // timestamp delta: all have the time of the batch
      writer.varint(offsetDelta);
      writer.sized(key);
      writer.sized(value);
      const names = Object.keys(headers);
      writer.varint(names.length);
      for (const name of names) {
        writer.sized(name);
        writer.sized(headers[name] ?? null);
      }
    });
  }
}
