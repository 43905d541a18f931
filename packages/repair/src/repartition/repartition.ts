import { Failure } from '@latchkey/contracts';
import { addPartitions } from '@latchkey/kafka';
import { readEnds, type Session } from '@latchkey/postgres';
import {
  checkLane,
  gatherEvidence,
  type LaneEvidence,
  positionOf,
  type TopicEvidence,
} from '@latchkey/publication';
import { type OwnedTopic, ownTopics, refuseOtherInstallation } from '../own-topics.ts';
import type { Repair } from '../repair.ts';
import { MAX_MOVED_ROWS_A_LANE, switchLanes } from './switch-lanes.ts';

export type RepartitionResult =
  | { readonly kind: 'repartitioned'; readonly moved: number }
  /** Every topic has this number of partitions. */
  | { readonly kind: 'unchanged' }
  /** The topics of the database have `most` partitions. Kafka cannot remove any. */
  | { readonly kind: 'fewer_than_lanes'; readonly most: number }
  /** The topic has this number of partitions in Kafka. Kafka cannot remove any. */
  | { readonly kind: 'fewer_than_topic'; readonly topic: string; readonly partitions: number };

/**
 * Gives every output topic more partitions. Waiting messages move to the partition that their key has from now on, after
 * everything that was published; transactions that decided with the old number are refused from then on. The topics come
 * first: after a kill in between, services refuse to start until another run has done the rest.
 *
 * @throws Failure OUTBOX_NOT_DRAINED; RELAY_HOLDS_TOPIC; RELAY_INSTALLATION_DIFFERS; with the code of the finding where
 *   PostgreSQL and Kafka disagree
 */
export async function repartition(repair: Repair, partitions: number): Promise<RepartitionResult> {
  const counts = repair.topics.map(({ lanes }) => lanes.length);
  const most = Math.max(...counts);
  if (most > partitions) return { kind: 'fewer_than_lanes', most };
  if (Math.min(...counts) === partitions) return { kind: 'unchanged' };
  return ownTopics(repair, repair.topics, false, (owned) =>
    repartitionAll(repair, owned, partitions),
  );
}

async function repartitionAll(
  repair: Repair,
  owned: readonly OwnedTopic[],
  partitions: number,
): Promise<RepartitionResult> {
  const { admin } = repair.kafka;
  const published = new Map<string, readonly LaneEvidence[]>();
  for (const { topic, session } of owned) {
    // eslint-disable-next-line no-await-in-loop -- five topics, one after the other
    const { evidence } = await gatherEvidence(repair.kafka, session, topic);
    refuseOtherInstallation(topic, evidence);
    if (evidence.partitions > partitions) {
      return { kind: 'fewer_than_topic', topic, partitions: evidence.partitions };
    }
    // eslint-disable-next-line no-await-in-loop -- see above
    await refuseUnready(session, topic, evidence);
    published.set(topic, evidence.lanes);
  }
  for (const { topic } of owned) {
    // eslint-disable-next-line no-await-in-loop -- see above
    await addPartitions(admin, topic, partitions);
  }
  const [first] = owned;
  if (first === undefined) return { kind: 'repartitioned', moved: 0 };
  const moved = await first.session.transaction((tx) =>
    switchLanes(tx, repair, published, partitions),
  );
  return { kind: 'repartitioned', moved };
}

/**
 * Refuses while relays can still publish the topic: once it has more partitions than the database has lanes they cannot,
 * and there is no way back.
 *
 * @throws Failure OUTBOX_NOT_DRAINED where a lane has more messages than are moved at once; with the code of the finding
 *   where both sides disagree
 */
async function refuseUnready(
  session: Pick<Session, 'run'>,
  topic: string,
  { partitions, lanes, epoch }: TopicEvidence,
): Promise<void> {
  if (partitions !== lanes.length) return;
  for (const lane of lanes) {
    const refusal = checkLane(lane, epoch);
    if (refusal !== undefined) throw new Failure(refusal.code, { topic, found: refusal.detail });
    const after = positionOf(lane);
    // eslint-disable-next-line no-await-in-loop -- a handful of lanes
    const [ends] = await session.run(readEnds, { lane: lane.lane, after });
    const waiting = (ends?.last ?? after) - after;
    if (waiting > MAX_MOVED_ROWS_A_LANE) {
      throw new Failure('OUTBOX_NOT_DRAINED', { topic, partition: lane.partition, waiting });
    }
  }
}
