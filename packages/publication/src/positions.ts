import type { TransactionalProducer } from '@latchkey/kafka';
import { type LaneAnchor, metadataOf } from './anchor.ts';

/** The group whose committed offsets are the positions of all relays. */
export const RELAY_GROUP = 'latchkey-relay';

type Position = Omit<LaneAnchor, 'lane'>;

/** Puts positions into the transaction that was begun. */
export async function sendPositions(
  producer: TransactionalProducer,
  topic: string,
  lanes: readonly Position[],
): Promise<void> {
  await producer.sendOffsets(
    RELAY_GROUP,
    topic,
    lanes.map((lane) => ({
      partition: lane.partition,
      offset: lane.position,
      metadata: metadataOf(lane),
    })),
  );
}

/** Commits positions without messages; also anew, or Kafka forgets those of a topic that is silent for days. */
export async function commitPositions(
  producer: TransactionalProducer,
  topic: string,
  lanes: readonly Position[],
): Promise<void> {
  await producer.begin();
  await sendPositions(producer, topic, lanes);
  await producer.commit();
}
