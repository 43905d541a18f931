/** Up to this length a loop is faster than calling into the runtime. */
const SHORT = 48;
const FIRST_BYTES = 64 * 1024;
const VARINT_MAX_BYTES = 5;
/** The most UTF-8 bytes for one UTF-16 unit. */
const UNIT_MAX_BYTES = 3;

/** Writes Kafka's number formats one after the other. Its memory grows as needed. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;

  /** A view of the written bytes. Writes after the next `reset` overwrite it. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  reset(): void {
    this.#at = 0;
  }

  int8(value: number): void {
    this.#reserve(1);
    this.#at = this.#bytes.writeInt8(value, this.#at);
  }

  /** A zigzag number of at most 31 bits and a sign. */
  varint(value: number): void {
    this.#reserve(VARINT_MAX_BYTES);
    this.#at = this.#putVarint(value, this.#at);
  }

  /** The length, then the bytes; the length -1 for null. */
  sized(value: string | Buffer | null): void {
    if (value === null) this.varint(-1);
    else if (typeof value === 'string') this.#sizedText(value);
    else {
      this.varint(value.length);
      this.#reserve(value.length);
      this.#at += value.copy(this.#bytes, this.#at);
    }
  }

  /** Runs `write`, and puts the length of what it wrote in front. A wrong guess of the length costs a move. */
  prefixed(likelyBytes: number, write: () => void): void {
    const start = this.#at;
    const guessed = sizeOfVarint(likelyBytes);
    this.#reserve(guessed);
    this.#at += guessed;
    write();
    this.#putLength(start, guessed);
  }

  #sizedText(text: string): void {
    this.#reserve(VARINT_MAX_BYTES + text.length * UNIT_MAX_BYTES);
    const start = this.#at;
    const guessed = sizeOfVarint(text.length);
    this.#at += guessed;
    this.#putText(text);
    this.#putLength(start, guessed);
  }

  #putText(text: string): void {
    if (text.length > SHORT || !this.#putAscii(text)) {
      this.#at += this.#bytes.write(text, this.#at);
    }
  }

  /** Returns false, and writes nothing, if a character is not ASCII. */
  #putAscii(text: string): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[start + index] = unit;
    }
    this.#at = start + text.length;
    return true;
  }

  /** Puts the length of the content at `start`, where `guessed` bytes are reserved for it. */
  #putLength(start: number, guessed: number): void {
    const content = start + guessed;
    const length = this.#at - content;
    const needed = sizeOfVarint(length);
    if (needed !== guessed) {
      this.#reserve(VARINT_MAX_BYTES);
      this.#bytes.copyWithin(start + needed, content, this.#at);
      this.#at += needed - guessed;
    }
    this.#putVarint(length, start);
  }

  #putVarint(value: number, start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 0x7f; rest >>>= 7) {
      bytes[at] = (rest & 0x7f) | 0x80;
      at += 1;
    }
    bytes[at] = rest;
    return at + 1;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  return Math.max(1, Math.ceil((32 - Math.clz32(zigzag)) / 7));
}
