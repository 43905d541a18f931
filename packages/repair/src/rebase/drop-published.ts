import type { Session } from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { dropKnown } from '../move/move-lane.ts';

/** Of all lanes together; about 100 bytes each. A fetch comes on top. */
const MAX_IDS_AT_ONCE = 500_000;

/** A lane whose messages after a position may have been published. */
export interface LaneToDrop {
  readonly partition: number;
  readonly lane: number;
  readonly after: bigint;
}

/**
 * Deletes waiting messages that were already published: each message after `after` whose id was published at a position
 * after it, and each placeholder (generation 0). Collects ids, and scans the waiting messages once per `maxIds` of them.
 * After a kill at any moment another run deletes the rest. One call at a time.
 */
export class PublishedDropper {
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

  /** @param records - published after `after` */
  async drop(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return;
    const before = lane.ids.size;
    for (const { ceId } of records) lane.ids.add(ceId);
    this.#count += lane.ids.size - before;
    if (this.#count >= this.#maxIds) await this.#scan((ids) => ids.size > 0);
  }

  /**
   * Deletes the rest, and placeholders.
   *
   * @returns by partition, how many messages were deleted
   */
  async finish(): Promise<ReadonlyMap<number, number>> {
    await this.#scan(() => true);
    return this.#dropped;
  }

  async #scan(isWanted: (ids: ReadonlySet<string>) => boolean): Promise<void> {
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
