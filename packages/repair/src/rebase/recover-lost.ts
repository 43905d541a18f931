import type { Outputs, RestatedReviews } from '@latchkey/intake';
import type { Session } from '@latchkey/postgres';
import {
  type KafkaAccess,
  readPublishedTail,
  type TailReader,
  type TailWanted,
} from '@latchkey/publication';
import { AccountAdopter, type AdoptedAccounts } from './adopt-accounts.ts';
import { type LaneToDrop, PublishedDropper } from './drop-published.ts';
import { ReviewRepublisher } from './republish-reviews.ts';

/** Counts by partition. */
export interface Recovered {
  /** Waiting messages that had been published. */
  readonly dropped: ReadonlyMap<number, number>;
  readonly adopted: ReadonlyMap<number, AdoptedAccounts>;
  /** Reviews whose published state differs from the database's. */
  readonly reviews: ReadonlyMap<number, RestatedReviews>;
}

/** The topic that is read, and the outputs to which corrections are published. */
export interface LostFrom {
  readonly kafka: KafkaAccess;
  readonly topic: string;
  readonly outputs: Outputs;
}

/**
 * Reads what was published after the common position and lost by the database. Deletes waiting messages that had been
 * published; inserts accounts that only these messages mention; publishes reviews again whose published state differs from
 * the database's. After a kill at any moment another run does the rest.
 *
 * @param logs - by partition, the logs to read; nothing was published to a lane without one
 */
export async function recoverLost(
  { kafka, topic, outputs }: LostFrom,
  session: Session,
  lanes: readonly LaneToDrop[],
  logs: ReadonlyMap<number, TailWanted>,
): Promise<Recovered> {
  const dropper = new PublishedDropper(session, lanes);
  const adopter = new AccountAdopter(session);
  const republisher = new ReviewRepublisher(session, outputs);
  const afters = new Map(lanes.map(({ partition, after }) => [partition, after]));
  const reader = inTurn(async (partition, records) => {
    const lost = records.filter(({ position }) => position > (afters.get(partition) ?? 0n));
    await dropper.drop(partition, lost);
    await adopter.adopt(partition, lost);
    await republisher.republish(partition, lost);
  });
  const trimmed = await readPublishedTail(kafka, topic, logs, reader);
  if (trimmed.size > 0) {
    const found =
      'the retention deletes messages while they are read: waiting messages that were among them are published again';
    kafka.log.warn({ topic, partitions: [...trimmed] }, found);
  }
  const dropped = await dropper.finish();
  return { dropped, adopted: adopter.byPartition, reviews: republisher.byPartition };
}

/** Processes one fetch after the other, of all partitions: a session runs one statement at a time. */
function inTurn(process: TailReader['process']): TailReader {
  let last: Promise<void> = Promise.resolve();
  return {
    turn: () => last,
    process: (partition, records) => {
      last = last.then(() => process(partition, records));
      return last;
    },
  };
}
