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
      readonly clusterId: string;
      readonly lanes: readonly LaneAnchor[];
      /** Lanes that were parked by this relay or one before it. */
      readonly parked: readonly number[];
      /** How long ago all positions were committed; undefined where Kafka lacks one, or nobody knows. */
      readonly recommittedMsAgo: number | undefined;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Makes this relay the only one that can publish the topic, and finds out where it stands.
 *
 * The order is the point: acquiring the producer fences the predecessor and settles what it left
 * open, and only then are the committed positions final.
 */
export async function acquire(
  kafka: KafkaAccess,
  session: Session,
  topic: string,
): Promise<Acquired> {
  await using stack = new AsyncDisposableStack();
  const producer = stack.use(await acquireTopic(kafka, topic));
  const { evidence, parked, ...found } = await gatherEvidence(kafka, session, topic);
  const check = checkAnchor(evidence);
  if (check.kind === 'refused') return check;
  stack.move();
  return {
    kind: 'acquired',
    producer,
    clusterId: evidence.clusterId,
    lanes: check.lanes,
    parked,
    recommittedMsAgo: check.forgotten || found.forgotten ? undefined : found.recommittedMsAgo,
  };
}
