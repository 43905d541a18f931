import { readEnds, type Session } from '@latchkey/postgres';
import {
  type KafkaAccess,
  type PublishedRecord,
  readPublishedTail,
  type TailWanted,
} from '@latchkey/publication';
import { dropKnown } from './move-lane.ts';

/** Of all lanes together; about 100 bytes each. What is in hand meanwhile, a fetch of each partition, comes on top. */
const MAX_IDS_AT_ONCE = 500_000;

/** A lane, and behind which position its messages may have been published. */
export interface LaneToDrop {
  readonly partition: number;
  readonly lane: number;
  readonly after: bigint;
}

/**
 * Takes out of the lanes of a topic what waits and was published: each message behind `after` whose id the log holds at a
 * position behind it, and each placeholder (generation 0). After a kill at any moment another call takes out the rest.
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
  const waiting = await withWaiting(session, lanes);
  const wanted = new Map([...logs].filter(([partition]) => waiting.has(partition)));
  const trimmed = await readPublishedTail(kafka, topic, wanted, dropping);
  if (trimmed.size > 0) {
    const found =
      'the retention deletes messages while they are read: what waits and was among them is published again';
    kafka.log.warn({ topic, partitions: [...trimmed] }, found);
  }
  return await dropping.end();
}

/** The partitions of the lanes that have messages there. */
async function withWaiting(
  session: Session,
  lanes: readonly LaneToDrop[],
): Promise<ReadonlySet<number>> {
  const waiting = new Set<number>();
  for (const { partition, lane, after } of lanes) {
    // eslint-disable-next-line no-await-in-loop -- lane by lane
    const [ends] = await session.run(readEnds, { lane, after });
    if (ends !== undefined && ends.first !== null) waiting.add(partition);
  }
  return waiting;
}

/** Collects ids of what was published, and looks through what waits for each so many of them. */
export class Dropping {
  readonly #session: Session;
  readonly #lanes: ReadonlyMap<number, LaneToDrop & { ids: Set<string> }>;
  readonly #maxIds: number;
  readonly #dropped = new Map<number, number>();
  #count = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(session: Session, lanes: readonly LaneToDrop[], maxIds: number) {
    this.#session = session;
    this.#maxIds = maxIds;
    this.#lanes = new Map(lanes.map((lane) => [lane.partition, { ...lane, ids: new Set() }]));
  }

  /** What is read waits while ids are looked for: the session does one thing at a time. */
  readonly turn = (): Promise<void> => this.#looking;

  readonly take = async (partition: number, records: readonly PublishedRecord[]): Promise<void> => {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return;
    const before = lane.ids.size;
    for (const { position, ceId } of records) {
      if (position > lane.after) lane.ids.add(ceId);
    }
    this.#count += lane.ids.size - before;
    if (this.#count >= this.#maxIds) await this.#look((ids) => ids.size > 0);
  };

  /** Looks for what is left, and for placeholders. */
  async end(): Promise<ReadonlyMap<number, number>> {
    await this.#look(() => true);
    return this.#dropped;
  }

  #look(isWanted: (ids: ReadonlySet<string>) => boolean): Promise<void> {
    this.#count = 0;
    this.#looking = this.#looking.then(async () => {
      for (const lane of this.#lanes.values()) {
        const { partition, ids } = lane;
        if (!isWanted(ids)) continue;
        lane.ids = new Set();
        // eslint-disable-next-line no-await-in-loop -- lane by lane, in their order
        const count = await dropKnown(this.#session, lane, ids);
        this.#dropped.set(partition, (this.#dropped.get(partition) ?? 0) + count);
      }
    });
    return this.#looking;
  }
}
