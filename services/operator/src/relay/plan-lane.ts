import { type LaneEvidence, type PublishedRecord, positionOf } from '@latchkey/publication';

/** Where a lane goes on. */
export interface LanePlan {
  /** Up to here the outbox has what was published. */
  readonly common: bigint;
  /** Up to here messages were published. */
  readonly published: bigint;
  /** The message at `published`; undefined where the topic does not hold it any more. */
  readonly record: PublishedRecord | undefined;
}

/**
 * Finds what of the outbox was published, from the messages of its partition in the order of the log. What was noted as
 * published before the database went back is common history; behind it each row is compared with the message at its position,
 * and the first that differs was not published, nor was any behind it. Where the row at Kafka's own position is the message
 * that stands there, all before it was published, as the relay takes it, too. If even the row at the noted position is
 * another, the outbox is not the one that was published: nothing is common.
 *
 * Where an earlier run has begun to move messages it has noted what is common: rows do not tell it any more.
 */
export class LanePlanning {
  readonly #evidence: LaneEvidence;
  readonly #noted: bigint;
  readonly #published: bigint;
  #common: bigint;
  /** Each message so far, from the noted position on, is the row at its position. */
  #isSame = true;
  #record: PublishedRecord | undefined;

  constructor(evidence: LaneEvidence) {
    this.#evidence = evidence;
    this.#noted = evidence.publishedThrough;
    this.#published = positionOf(evidence);
    this.#common = this.#noted;
  }

  /** Whether `take` has to know the row at this position. */
  asksFor(position: bigint): boolean {
    if (this.#evidence.mendingAfter !== undefined) return false;
    if (position < this.#noted || position > this.#published) return false;
    return this.#isSame || position <= this.#common;
  }

  /**
   * Takes the next messages. A replay may have published a position more than once: its last message counts.
   *
   * @param rows - by position, the anchors of the outbox rows that were asked for; without those that are not there
   */
  take(records: readonly PublishedRecord[], rows: ReadonlyMap<bigint, string>): void {
    for (const record of records) {
      const { position } = record;
      if (position === this.#published) this.#record = record;
      if (this.asksFor(position))
        this.#compare(position, this.#anchorOf(record), rows.get(position));
    }
  }

  plan(): LanePlan {
    const { committed, rowAnchor, mendingAfter } = this.#evidence;
    const published = this.#published;
    const agrees = committed !== undefined && committed.anchor === rowAnchor;
    const common = mendingAfter ?? this.#common;
    return {
      common: agrees || common > published ? published : common,
      published,
      record: this.#record,
    };
  }

  /** What Kafka has committed with its position tells more than the log. */
  #anchorOf({ position, anchor }: PublishedRecord): string {
    const { committed } = this.#evidence;
    return position === committed?.position ? committed.anchor : anchor;
  }

  #compare(position: bigint, anchor: string, row: string | undefined): void {
    if (position > this.#common) {
      const isNext = position === this.#common + 1n && row === anchor;
      if (isNext) this.#common = position;
      else this.#isSame = false;
    } else if (row !== undefined && row !== anchor) {
      this.#common = position === this.#noted ? 0n : position - 1n;
      this.#isSame = false;
    }
  }
}
