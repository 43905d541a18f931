import type { TransactionalProducer } from '@latchkey/kafka';
import { type LaneAnchor, metadataOf } from './anchor.ts';

/** The consumer group whose committed offsets are the positions of all relays. */
export const RELAY_GROUP = 'latchkey-relay';

type Position = Omit<LaneAnchor, 'lane'>;

/** A topic and the installation that publishes it. */
export interface Publisher {
  readonly topic: string;
  /** The id of the installation; see `OutputState`. */
  readonly installation: string;
}

/** Adds positions to the open transaction. */
export async function sendPositions(
  producer: TransactionalProducer,
  { topic, installation }: Publisher,
  lanes: readonly Position[],
): Promise<void> {
  await producer.sendOffsets(
    RELAY_GROUP,
    topic,
    lanes.map((lane) => ({
      partition: lane.partition,
      offset: lane.position,
      metadata: metadataOf(lane, installation),
    })),
  );
}

/**
 * Commits positions without messages. The first commit claims the topic for its installation. Positions are committed again
 * daily: Kafka forgets those of groups that are silent for days.
 */
export async function commitPositions(
  producer: TransactionalProducer,
  publisher: Publisher,
  lanes: readonly Position[],
): Promise<void> {
  await producer.begin();
  await sendPositions(producer, publisher, lanes);
  await producer.commit();
}
