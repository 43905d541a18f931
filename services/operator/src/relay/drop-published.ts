import type { Session } from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { dropKnown } from './move-lane.ts';

/** Of all lanes together; about 100 bytes each. A fetch comes on top. */
const MAX_IDS_AT_ONCE = 500_000;

/** A lane, and behind which position its messages may have been published. */
export interface LaneToDrop {
  readonly partition: number;
  readonly lane: number;
  readonly after: bigint;
}

/**
 * Takes out of lanes what waits and was published: each message behind `after` whose id was published at a position
 * behind it, and each placeholder (generation 0). Collects ids, and looks through what waits for each so many of them.
 * After a kill at any moment another call takes out the rest. One call at a time.
 */
export class Dropping {
  readonly #session: Session;
  readonly #lanes: ReadonlyMap<number, LaneToDrop & { readonly ids: Set<string> }>;
  readonly #maxIds: number;
  readonly #dropped = new Map<number, number>();
  #count = 0;

  constructor(session: Session, lanes: readonly LaneToDrop[], maxIds = MAX_IDS_AT_ONCE) {
    this.#session = session;
    this.#maxIds = maxIds;
    this.#lanes = new Map(lanes.map((lane) => [lane.partition, { ...lane, ids: new Set() }]));
  }

  /** @param records - behind `after` */
  async take(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return;
    const before = lane.ids.size;
    for (const { ceId } of records) lane.ids.add(ceId);
    this.#count += lane.ids.size - before;
    if (this.#count >= this.#maxIds) await this.#look((ids) => ids.size > 0);
  }

  /**
   * Looks for what is left, and for placeholders.
   *
   * @returns by partition, how many were taken out
   */
  async end(): Promise<ReadonlyMap<number, number>> {
    await this.#look(() => true);
    return this.#dropped;
  }

  async #look(isWanted: (ids: ReadonlySet<string>) => boolean): Promise<void> {
    this.#count = 0;
    for (const lane of this.#lanes.values()) {
      const { partition, ids } = lane;
      if (!isWanted(ids)) continue;
      // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
      const count = await dropKnown(this.#session, lane, ids);
      this.#dropped.set(partition, (this.#dropped.get(partition) ?? 0) + count);
      ids.clear();
    }
  }
}
