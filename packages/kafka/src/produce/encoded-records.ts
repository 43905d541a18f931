import type { Message } from 'kafkajs';
import { ByteWriter } from './byte-writer.ts';

/** What a message is to the relay; the partition is chosen by whoever sends it. */
export interface ProducedMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Readonly<Record<string, string | Buffer>>;
}

/** Around two lengths of two bytes, and below a record of 8 KiB. */
const LIKELY_RECORD_BYTES = 1_000;

/**
 * Messages of one partition, encoded once. kafkajs carries them from `send` to the Produce request, where our encoder
 * finds them: of a list it asks for its length, for a message without a value, and for the messages by partition.
 * (It would copy the list once for every message in it.)
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

  /** No message is without a value: that may only be null. */
  find(): undefined {
    return undefined;
  }

  /** The messages by partition. */
  reduce(): Readonly<Record<number, EncodedRecords>> {
    return this.length === 0 ? {} : { [this.#partition]: this };
  }
}

/** As kafkajs' `send` declares what it takes. */
export function asMessages(records: EncodedRecords): Message[] {
  const messages: unknown = records;
  return messages as Message[];
}

/** Encodes messages, into memory that is used again by the next call. */
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
      writer.varint(0); // all as old as the batch
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
