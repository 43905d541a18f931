import type { ConsumedRecord } from './consumed-record.ts';

const NOTHING: ConsumedRecord['headers'] = [];

/** Offsets whose records exist but could not be decoded. */
export interface Unreadable {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly cause: string;
}

/**
 * One record in the shape of kafkajs' messages, with the record as fetched. Fields that kafkajs itself does not use are
 * derived when they are read.
 */
export class FetchedMessage {
  readonly record: ConsumedRecord;
  readonly offset: string;
  /** True for a message that stands for offsets without records for a reader. */
  readonly isPlaceholder: boolean;
  /** kafkajs moves its offset past these and passes them to no consumer. */
  readonly isControlRecord: boolean;
  readonly unreadable: Unreadable | undefined;

  private constructor(
    record: ConsumedRecord,
    is: { readonly placeholder: boolean; readonly visible: boolean },
    unreadable: Unreadable | undefined,
  ) {
    this.record = record;
    this.offset = record.offset.toString();
    this.isPlaceholder = is.placeholder;
    this.isControlRecord = !is.visible;
    this.unreadable = unreadable;
  }

  static of(record: ConsumedRecord): FetchedMessage {
    return new FetchedMessage(record, { placeholder: false, visible: true }, undefined);
  }

  /** Stands for offsets up to this one without records for a reader. */
  static placeholder(offset: bigint, visible: boolean): FetchedMessage {
    return new FetchedMessage(emptyRecord(offset), { placeholder: true, visible }, undefined);
  }

  /** Stands for a batch that cannot be decoded. Its offset is the last one, so kafkajs never filters it out as too old. */
  static unreadable(unreadable: Unreadable): FetchedMessage {
    const is = { placeholder: false, visible: true };
    return new FetchedMessage(emptyRecord(unreadable.lastOffset), is, unreadable);
  }

  get key(): Buffer | null {
    return this.record.key;
  }

  get value(): Buffer | null {
    return this.record.value;
  }

  get timestamp(): string {
    return String(this.record.timestampMs);
  }

  get attributes(): number {
    return 0;
  }

  /** By name, as in kafkajs: a repeated name has a list. The object has no prototype, so any name is safe. */
  get headers(): Record<string, Buffer | Buffer[]> {
    const byName = Object.create(null) as Record<string, Buffer | Buffer[]>;
    for (const [name, value] of this.record.headers) {
      const before = byName[name];
      if (before === undefined) byName[name] = value;
      else if (Array.isArray(before)) before.push(value);
      else byName[name] = [before, value];
    }
    return byName;
  }
}

function emptyRecord(offset: bigint): ConsumedRecord {
  return { offset, timestampMs: 0, key: null, value: null, headers: NOTHING };
}
