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
  /** From the noted position through this one the last message of each position so far is its row; one less: not even there. */
  #same: bigint;
  #record: PublishedRecord | undefined;

  constructor(evidence: LaneEvidence) {
    this.#evidence = evidence;
    this.#noted = evidence.publishedThrough;
    this.#published = positionOf(evidence);
    this.#same = this.#noted;
  }

  /** The positions of these messages, which are the next ones, whose rows `take` has to know. */
  asksFor(records: readonly PublishedRecord[]): readonly bigint[] {
    if (!records.some(({ position }) => this.#counts(position))) return [];
    const asked = records.map(({ position }) => position).filter((one) => this.#isCompared(one));
    return [...new Set(asked)];
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
      if (!this.#counts(position)) continue;
      const isSame = this.#isRow(position, this.#anchorOf(record), rows.get(position));
      this.#same = isSame ? position : position - 1n;
    }
  }

  plan(): LanePlan {
    const { committed, rowAnchor, mendingAfter } = this.#evidence;
    const published = this.#published;
    const agrees = committed !== undefined && committed.anchor === rowAnchor;
    const isOther = this.#same < this.#noted || (this.#isNotedPublished() && !agrees);
    const common = mendingAfter ?? (isOther ? 0n : this.#same);
    return {
      common: agrees || common > published ? published : common,
      published,
      record: this.#record,
    };
  }

  /** The row at the noted position is compared with what Kafka says of it, also where the topic has deleted the message. */
  #isNotedPublished(): boolean {
    const { committed, rowAnchor } = this.#evidence;
    return committed?.position === this.#noted && rowAnchor !== undefined;
  }

  #isCompared(position: bigint): boolean {
    if (this.#evidence.mendingAfter !== undefined) return false;
    return position >= this.#noted && position <= this.#published;
  }

  /** A message behind one that differs tells nothing, unless a replay came back to where it differed or before. */
  #counts(position: bigint): boolean {
    return this.#isCompared(position) && position <= this.#same + 1n;
  }

  /** Of the noted position the outbox may have deleted the row. */
  #isRow(position: bigint, anchor: string, row: string | undefined): boolean {
    return row === anchor || (row === undefined && position === this.#noted);
  }

  /** What Kafka has committed with its position tells more than the log. */
  #anchorOf({ position, anchor }: PublishedRecord): string {
    const { committed } = this.#evidence;
    return position === committed?.position ? committed.anchor : anchor;
  }
}
