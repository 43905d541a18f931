/** Reads Kafka's number formats. Throws a RangeError on every read past the end or beyond the size of a number. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at);
    this.#at += 1;
    return value;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  /** A zigzag number of at most 32 bits. */
  varint(): number {
    let raw = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
    }
    throw new RangeError('a number is longer than 32 bits');
  }

  /** A zigzag number of at most 64 bits; exact up to 2^53, rounded beyond. */
  varlong(): number {
    let raw = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      if (shift === 0n && byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n)));
    }
    throw new RangeError('a number is longer than 64 bits');
  }

  /** A view, not a copy; null for the length -1. */
  bytes(length: number): Buffer | null {
    if (length === -1) return null;
    if (length < 0 || length > this.left) throw new RangeError('a length leads past the end');
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }

  text(length: number): string {
    return this.bytes(length)?.toString('utf8') ?? '';
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new RangeError('a number leads past the end');
    this.#at += 1;
    return byte;
  }
}
