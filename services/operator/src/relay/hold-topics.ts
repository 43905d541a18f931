import { Failure } from '@latchkey/contracts';
import type { TransactionalProducer } from '@latchkey/kafka';
import type { Db, Session } from '@latchkey/postgres';
import {
  acquireTopic,
  gatherEvidence,
  holdTopic,
  type KafkaAccess,
  refusalOfInstallation,
  type TopicEvidence,
} from '@latchkey/publication';
import type { RepairedTopic } from './open-repair.ts';

/** A topic that nobody else publishes. */
export interface HeldTopic extends RepairedTopic {
  /** The id of this installation. */
  readonly installation: string;
  /** The session that holds the lock: what it writes is refused once the lock is lost. */
  readonly session: Session;
  readonly producer: TransactionalProducer;
}

/** A relay that refuses a topic looks at it again every 5 s, and lets go at once. */
const WAIT_MS = 12_000;

/** Where topics are held, and whether those of another installation may be. */
export interface Holding {
  readonly db: Db;
  readonly kafka: KafkaAccess;
  readonly takeOver: boolean;
}

/**
 * Runs `work` while these topics are ours: no relay of this database publishes them, and whoever else
 * did is fenced.
 *
 * @throws Failure RELAY_HOLDS_TOPIC when a relay does not let go of one of them within 12 s;
 *   RELAY_INSTALLATION_DIFFERS, before its relay is fenced, when another installation publishes one
 */
export async function holdTopics<T>(
  holding: Holding,
  topics: readonly RepairedTopic[],
  work: (held: readonly HeldTopic[]) => Promise<T>,
  held: readonly HeldTopic[] = [],
): Promise<T> {
  const [next, ...rest] = topics;
  if (next === undefined) return work(held);
  const { db, kafka } = holding;
  const limit = AbortSignal.timeout(WAIT_MS);
  const done = await db.session((session) =>
    holdTopic(
      session,
      next.lanes[0].lane,
      () => undefined,
      limit,
      async () => {
        const { evidence } = await gatherEvidence(kafka, session, next.topic);
        if (!holding.takeOver) refuseAnother(next.topic, evidence);
        await using producer = await acquireTopic(kafka, next.topic);
        const { installation } = evidence;
        const all = [...held, { ...next, installation, session, producer }];
        return { result: await holdTopics(holding, rest, work, all) };
      },
    ),
  );
  if (done === undefined) throw new Failure('RELAY_HOLDS_TOPIC', { topic: next.topic });
  return done.result;
}

/** @throws Failure RELAY_INSTALLATION_DIFFERS where another installation publishes the topic */
export function refuseAnother(topic: string, evidence: TopicEvidence): void {
  const refusal = refusalOfInstallation(evidence);
  if (refusal !== undefined) throw new Failure(refusal.code, { topic, found: refusal.detail });
}
