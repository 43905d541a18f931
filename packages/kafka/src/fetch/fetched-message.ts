import type { ConsumedRecord } from '../consumed.ts';

const NOTHING: ConsumedRecord['headers'] = [];

/** Offsets whose records exist but could not be decoded. */
export interface Unreadable {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly cause: string;
}

/**
 * One record in the shape that kafkajs hands on, with the record as it came behind it. What kafkajs does not need for
 * its own work is derived only when asked for.
 */
export class FetchedMessage {
  readonly record: ConsumedRecord;
  readonly offset: string;
  /** Whether it only stands for offsets that hold nothing for a reader. */
  readonly holdsNothing: boolean;
  /** kafkajs moves past these and shows them to nobody. */
  readonly isControlRecord: boolean;
  readonly unreadable: Unreadable | undefined;

  private constructor(
    record: ConsumedRecord,
    holds: { readonly nothing: boolean; readonly shown: boolean },
    unreadable: Unreadable | undefined,
  ) {
    this.record = record;
    this.offset = record.offset.toString();
    this.holdsNothing = holds.nothing;
    this.isControlRecord = !holds.shown;
    this.unreadable = unreadable;
  }

  static of(record: ConsumedRecord): FetchedMessage {
    return new FetchedMessage(record, { nothing: false, shown: true }, undefined);
  }

  /** Stands for offsets up to this one that hold nothing for a reader. */
  static nothingUpTo(offset: bigint, shown: boolean): FetchedMessage {
    return new FetchedMessage(emptyRecord(offset), { nothing: true, shown }, undefined);
  }

  /** Stands for a batch that cannot be decoded; its offset is the last one, which no fetch position excludes. */
  static unreadable(unreadable: Unreadable): FetchedMessage {
    const holds = { nothing: false, shown: true };
    return new FetchedMessage(emptyRecord(unreadable.lastOffset), holds, unreadable);
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

  /** By name, as kafkajs gives them: a name that is repeated has a list. Without prototype, so any name is safe. */
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
