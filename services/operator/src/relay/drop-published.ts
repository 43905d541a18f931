import type { LaneGoal, Session } from '@latchkey/postgres';
import {
  type KafkaAccess,
  type PublishedRecord,
  readPublishedTail,
  type TailWanted,
} from '@latchkey/publication';
import { dropKnown } from './move-lane.ts';

/** Of all lanes together; about 100 bytes each. */
const MAX_IDS_AT_ONCE = 500_000;

/** A lane, and behind which position its messages may have been published. */
export interface LaneToDrop {
  readonly partition: number;
  readonly goal: LaneGoal;
}

/**
 * Takes out of the lanes of a topic what waits and was published: each message behind what is common whose id the log holds there, and
 * what only stands for a message. After a kill at any moment another call takes out the rest.
 *
 * @param logs - by partition, the logs to read; a lane without one has nothing that was published
 * @returns by partition, how many were taken out
 */
export async function dropPublished(
  { kafka, topic }: { readonly kafka: KafkaAccess; readonly topic: string },
  session: Session,
  lanes: readonly LaneToDrop[],
  logs: ReadonlyMap<number, TailWanted>,
): Promise<ReadonlyMap<number, number>> {
  const dropping = new Dropping(session, lanes, MAX_IDS_AT_ONCE);
  await readPublishedTail(kafka, topic, logs, (partition, records) =>
    dropping.take(partition, records),
  );
  await dropping.flush();
  return dropping.dropped;
}

/** Collects ids of what was published, and looks through what waits for each so many of them. */
export class Dropping {
  readonly dropped = new Map<number, number>();
  readonly #session: Session;
  readonly #lanes: readonly (LaneToDrop & { readonly ids: Set<string> })[];
  readonly #maxIds: number;
  #count = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(session: Session, lanes: readonly LaneToDrop[], maxIds: number) {
    this.#session = session;
    this.#maxIds = maxIds;
    this.#lanes = lanes.map((lane) => ({ ...lane, ids: new Set() }));
  }

  async take(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    // Other partitions wait while ids are looked for: what is held stays bounded, and the session does one thing at a time.
    await this.#flushing;
    const lane = this.#lanes.find((one) => one.partition === partition);
    if (lane === undefined) return;
    for (const { position, ceId } of records) {
      if (position > lane.goal.after) lane.ids.add(ceId);
    }
    this.#count += records.length;
    if (this.#count >= this.#maxIds) await this.flush();
  }

  flush(): Promise<void> {
    this.#count = 0;
    this.#flushing = this.#flushing.then(() => this.#drop());
    return this.#flushing;
  }

  async #drop(): Promise<void> {
    for (const { partition, goal, ids } of this.#lanes) {
      // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
      const count = await dropKnown(this.#session, goal, ids);
      this.dropped.set(partition, (this.dropped.get(partition) ?? 0) + count);
      ids.clear();
    }
  }
}
