import { Failure } from '@latchkey/contracts';
import type { TransactionalProducer } from '@latchkey/kafka';
import type { Db, Session } from '@latchkey/postgres';
import { acquireTopic, holdTopic, type KafkaAccess } from '@latchkey/publication';
import type { RepairedTopic } from './open-repair.ts';

/** A topic that nobody else publishes. */
export interface HeldTopic extends RepairedTopic {
  /** The session that holds the lock: what it writes is refused once the lock is lost. */
  readonly session: Session;
  readonly producer: TransactionalProducer;
}

/** A relay that refuses a topic looks at it again every 5 s, and lets go at once. */
const WAIT_MS = 12_000;

/**
 * Runs `work` while these topics are ours: no relay of this database publishes them, and whoever else
 * did is fenced.
 *
 * @throws Failure RELAY_HOLDS_TOPIC when a relay does not let go of one of them within 12 s
 */
export async function holdTopics<T>(
  db: Db,
  kafka: KafkaAccess,
  topics: readonly RepairedTopic[],
  work: (held: readonly HeldTopic[]) => Promise<T>,
  held: readonly HeldTopic[] = [],
): Promise<T> {
  const [next, ...rest] = topics;
  if (next === undefined) return work(held);
  const limit = AbortSignal.timeout(WAIT_MS);
  const done = await db.session((session) =>
    holdTopic(
      session,
      next.lanes[0].lane,
      () => undefined,
      limit,
      async () => {
        await using producer = await acquireTopic(kafka, next.topic);
        const all = [...held, { ...next, session, producer }];
        return { result: await holdTopics(db, kafka, rest, work, all) };
      },
    ),
  );
  if (done === undefined) throw new Failure('RELAY_HOLDS_TOPIC', { topic: next.topic });
  return done.result;
}
