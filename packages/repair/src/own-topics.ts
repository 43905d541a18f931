import { Failure } from '@latchkey/contracts';
import type { TransactionalProducer } from '@latchkey/kafka';
import type { Session } from '@latchkey/postgres';
import {
  acquireTopic,
  checkInstallation,
  gatherEvidence,
  type TopicEvidence,
  withTopicLock,
} from '@latchkey/publication';
import type { OutputTopic, Repair } from './repair.ts';

/** A topic that only this process can publish. */
export interface OwnedTopic extends OutputTopic {
  /** The id of this installation. */
  readonly installation: string;
  /** The session that has the lock of the topic: it can write nothing once the lock is lost. */
  readonly session: Session;
  readonly producer: TransactionalProducer;
}

/** A relay that refuses a topic checks it again every 5 s, and then releases its lock at once. */
const WAIT_MS = 12_000;

/**
 * Runs `work` while this process owns the topics: no relay of this database publishes them, and every
 * other producer of them is fenced.
 *
 * @param takeOver - whether topics of another installation may be owned
 * @throws Failure RELAY_HOLDS_TOPIC when a relay does not release one of them within 12 s;
 *   RELAY_INSTALLATION_DIFFERS, before its relay is fenced, when another installation publishes one
 */
export async function ownTopics<T>(
  { db, kafka }: Pick<Repair, 'db' | 'kafka'>,
  topics: readonly OutputTopic[],
  takeOver: boolean,
  work: (owned: readonly OwnedTopic[]) => Promise<T>,
): Promise<T> {
  async function ownNext(owned: readonly OwnedTopic[]): Promise<T> {
    const next = topics[owned.length];
    if (next === undefined) return work(owned);
    const limit = AbortSignal.timeout(WAIT_MS);
    const done = await db.session((session) =>
      withTopicLock(
        session,
        next.lanes[0].lane,
        () => undefined,
        limit,
        async () => {
          const { evidence } = await gatherEvidence(kafka, session, next.topic);
          if (!takeOver) refuseOtherInstallation(next.topic, evidence);
          await using producer = await acquireTopic(kafka, next.topic);
          const { installation } = evidence;
          const all = [...owned, { ...next, installation, session, producer }];
          return { result: await ownNext(all) };
        },
      ),
    );
    if (done === undefined) throw new Failure('RELAY_HOLDS_TOPIC', { topic: next.topic });
    return done.result;
  }
  return ownNext([]);
}

/** @throws Failure RELAY_INSTALLATION_DIFFERS where another installation publishes the topic */
export function refuseOtherInstallation(topic: string, evidence: TopicEvidence): void {
  const refusal = checkInstallation(evidence);
  if (refusal !== undefined) throw new Failure(refusal.code, { topic, found: refusal.detail });
}
