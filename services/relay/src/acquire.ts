import type { FailureCode } from '@latchkey/contracts';
import type { TransactionalProducer } from '@latchkey/kafka';
import type { Session } from '@latchkey/postgres';
import {
  acquireTopic,
  checkAnchor,
  gatherEvidence,
  type KafkaAccess,
  type LaneAnchor,
  type Refusal,
} from '@latchkey/publication';

export type Acquired =
  | {
      readonly kind: 'acquired';
      readonly producer: TransactionalProducer;
      /** The id of this installation. */
      readonly installation: string;
      readonly clusterId: string;
      readonly lanes: readonly LaneAnchor[];
      /** Lanes that were parked by this relay or one before it. */
      readonly parked: readonly number[];
      /** How long ago all positions were committed; undefined where Kafka lacks one, or that is not recorded. */
      readonly recommittedMsAgo: number | undefined;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Also found while a predecessor's last transaction is being settled: only acquiring shows which. */
const MAY_SETTLE: ReadonlySet<FailureCode> = new Set([
  'RELAY_TOPIC_SHORTER',
  'RELAY_POSITION_BEHIND',
]);

/**
 * Makes this relay the only one that can publish the topic, and reads its positions. A refused relay has fenced no other
 * one, unless only acquiring could confirm the finding, which is tried once for each finding.
 *
 * The order matters. First the relay reads both sides, so that one with the wrong database fences no other. Then it
 * acquires the producer, which fences the predecessor and settles its open transaction. Only what is read after that is
 * final, so that it reads both sides again.
 *
 * @param confirmed - the refusal of the last attempt: the relay does not acquire again to confirm it
 */
export async function acquire(
  kafka: KafkaAccess,
  session: Session,
  topic: string,
  confirmed: Refusal | undefined,
): Promise<Acquired> {
  const seen = checkAnchor((await gatherEvidence(kafka, session, topic)).evidence);
  if (seen.kind === 'refused' && !maySettle(seen.refusal, confirmed)) return seen;
  await using stack = new AsyncDisposableStack();
  const producer = stack.use(await acquireTopic(kafka, topic));
  const { evidence, parked, recommittedMsAgo } = await gatherEvidence(kafka, session, topic);
  const check = checkAnchor(evidence);
  if (check.kind === 'refused') return check;
  stack.move();
  return {
    kind: 'acquired',
    producer,
    installation: evidence.installation,
    clusterId: evidence.clusterId,
    lanes: check.lanes,
    parked,
    recommittedMsAgo: check.claimed ? recommittedMsAgo : undefined,
  };
}

function maySettle({ code, detail }: Refusal, confirmed: Refusal | undefined): boolean {
  const isConfirmed = confirmed?.code === code && confirmed.detail === detail;
  return MAY_SETTLE.has(code) && !isConfirmed;
}
