import type { Outputs, RestatedReviews } from '@latchkey/intake';
import type { Session } from '@latchkey/postgres';
import {
  type KafkaAccess,
  type PublishedRecord,
  readPublishedTail,
  type TailTaking,
  type TailWanted,
} from '@latchkey/publication';
import { AccountAdoption, type Adopted } from './adopt-accounts.ts';
import { Dropping, type LaneToDrop } from './drop-published.ts';
import { ReviewSettling } from './settle-reviews.ts';

/** What the second reading has done, by partition. */
export interface LostTaken {
  /** How many messages waited that were published. */
  readonly dropped: ReadonlyMap<number, number>;
  readonly adopted: ReadonlyMap<number, Adopted>;
  /** Published in another state than the database has. */
  readonly reviews: ReadonlyMap<number, RestatedReviews>;
}

/** The topic that is read, and where corrections are published. */
export interface LostFrom {
  readonly kafka: KafkaAccess;
  readonly topic: string;
  readonly outputs: Outputs;
}

/**
 * Reads what was published and the database has lost, behind what is common. What waits and was published is taken out of the
 * lanes; accounts that only these messages tell of are made known again; reviews that were published in another state than the database has
 * are published again. After a kill at any moment another call does the rest.
 *
 * @param logs - by partition, the logs to read; a lane without one has nothing that was published
 */
export async function takeLost(
  { kafka, topic, outputs }: LostFrom,
  session: Session,
  lanes: readonly LaneToDrop[],
  logs: ReadonlyMap<number, TailWanted>,
): Promise<LostTaken> {
  const dropping = new Dropping(session, lanes);
  const adoption = new AccountAdoption(session);
  const settling = new ReviewSettling(session, outputs);
  const afters = new Map(lanes.map(({ partition, after }) => [partition, after]));
  const taking = inTurn(async (partition, records) => {
    const lost = records.filter(({ position }) => position > (afters.get(partition) ?? 0n));
    await dropping.take(partition, lost);
    await adoption.take(partition, lost);
    await settling.take(partition, lost);
  });
  const trimmed = await readPublishedTail(kafka, topic, logs, taking);
  if (trimmed.size > 0) {
    const found =
      'the retention deletes messages while they are read: what waits and was among them is published again';
    kafka.log.warn({ topic, partitions: [...trimmed] }, found);
  }
  const dropped = await dropping.end();
  return { dropped, adopted: adoption.byPartition, reviews: settling.byPartition };
}

/** One fetch after the other, of all partitions: the session does one thing at a time. */
function inTurn(
  take: (partition: number, records: readonly PublishedRecord[]) => Promise<void>,
): TailTaking {
  let last: Promise<void> = Promise.resolve();
  return {
    turn: () => last,
    take: (partition, records) => {
      last = last.then(() => take(partition, records));
      return last;
    },
  };
}
