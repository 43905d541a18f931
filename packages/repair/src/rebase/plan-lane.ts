import { type LaneEvidence, type PublishedRecord, positionOf } from '@latchkey/publication';

/** Where publishing of a lane continues. */
export interface LanePlan {
  /** Through this position the outbox has the published messages. */
  readonly common: bigint;
  /** Through this position messages were published. */
  readonly published: bigint;
  /** The message at `published`; undefined where the topic does not have it any more. */
  readonly record: PublishedRecord | undefined;
}

/**
 * Finds how much of a lane was published, from the messages of its partition in the order of the log.
 *
 * Everything through the noted position (`publishedThrough`) is common. After it, each row is compared with the message at
 * its position: the first that differs was not published, nor was any after it. Where the row at Kafka's position is the
 * message there, all before it was published; the relay assumes the same. Where even the row at the noted position differs,
 * the outbox is not the published one, and nothing is common.
 *
 * Where an earlier run has started to move messages, the common position that it recorded counts, not the rows.
 */
export class LanePlanner {
  readonly #evidence: LaneEvidence;
  readonly #noted: bigint;
  readonly #published: bigint;
  /** From the noted position through this one, the last message read of each position is its row; one less where none is. */
  #same: bigint;
  #record: PublishedRecord | undefined;

  constructor(evidence: LaneEvidence) {
    this.#evidence = evidence;
    this.#noted = evidence.publishedThrough;
    this.#published = positionOf(evidence);
    this.#same = this.#noted;
  }

  /** The positions among the next messages whose rows `compare` needs. */
  neededRows(records: readonly PublishedRecord[]): readonly bigint[] {
    if (!records.some(({ position }) => this.#counts(position))) return [];
    const asked = records.map(({ position }) => position).filter((one) => this.#isCompared(one));
    return [...new Set(asked)];
  }

  /**
   * Compares the next messages. A replay may have published a position more than once: its last message counts.
   *
   * @param rows - by position, the anchors of the needed outbox rows that exist
   */
  compare(records: readonly PublishedRecord[], rows: ReadonlyMap<bigint, string>): void {
    for (const record of records) {
      const { position } = record;
      if (position === this.#published) this.#record = record;
      if (!this.#counts(position)) continue;
      const isSame = this.#isRow(position, this.#anchorOf(record), rows.get(position));
      this.#same = isSame ? position : position - 1n;
    }
  }

  plan(): LanePlan {
    const { committed, rowAnchor, movingAfter } = this.#evidence;
    const published = this.#published;
    const agrees = committed !== undefined && committed.anchor === rowAnchor;
    const isOther = this.#same < this.#noted || (this.#isNotedPublished() && !agrees);
    const common = movingAfter ?? (isOther ? 0n : this.#same);
    return {
      common: agrees || common > published ? published : common,
      published,
      record: this.#record,
    };
  }

  /** Whether Kafka's position is the noted one: its anchor is compared even where the topic has deleted the message. */
  #isNotedPublished(): boolean {
    const { committed, rowAnchor } = this.#evidence;
    return committed?.position === this.#noted && rowAnchor !== undefined;
  }

  #isCompared(position: bigint): boolean {
    if (this.#evidence.movingAfter !== undefined) return false;
    return position >= this.#noted && position <= this.#published;
  }

  /** A message after one that differs does not count, unless a replay came back to where it differed or before. */
  #counts(position: bigint): boolean {
    return this.#isCompared(position) && position <= this.#same + 1n;
  }

  /** The outbox may have deleted the row at the noted position. */
  #isRow(position: bigint, anchor: string, row: string | undefined): boolean {
    return row === anchor || (row === undefined && position === this.#noted);
  }

  /** The anchor that Kafka has committed with its position counts more than the log. */
  #anchorOf({ position, anchor }: PublishedRecord): string {
    const { committed } = this.#evidence;
    return position === committed?.position ? committed.anchor : anchor;
  }
}
