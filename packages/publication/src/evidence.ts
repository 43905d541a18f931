import {
  describeTopics,
  type LogOffsets,
  readClusterId,
  readCommittedOffsets,
  readLogOffsets,
} from '@latchkey/kafka';
import {
  listAnchorRows,
  listRelayLanes,
  positionColumns,
  readOutputState,
  readRelayTopic,
  type Session,
} from '@latchkey/postgres';
import type { KafkaAccess } from './acquire-topic.ts';
import {
  anchorOf,
  type LaneEvidence,
  positionOf,
  readMetadata,
  type TopicEvidence,
} from './anchor.ts';
import { withDeadline } from './deadline.ts';
import { RELAY_GROUP } from './positions.ts';
import { readLastPublished } from './published-tail.ts';

const EVIDENCE_DEADLINE_MS = 30_000;

/** What PostgreSQL and Kafka have of a topic. */
export interface TopicFindings {
  readonly evidence: TopicEvidence;
  /** By partition; empty where the topic does not exist. */
  readonly logs: ReadonlyMap<number, LogOffsets>;
  /** Lanes whose next message the brokers have refused. */
  readonly parked: readonly number[];
  /** How long ago all positions were committed; undefined where that is not recorded. */
  readonly recommittedMsAgo: number | undefined;
}

/**
 * Reads what PostgreSQL and Kafka have of a topic. Final only once the caller has acquired the topic; before, messages that
 * are published meanwhile may show on Kafka's side only.
 *
 * @throws Error when reading takes longer than 30 s
 */
export function gatherEvidence(
  kafka: KafkaAccess,
  session: Pick<Session, 'run'>,
  topic: string,
): Promise<TopicFindings> {
  return withDeadline(gather(kafka, session, topic), EVIDENCE_DEADLINE_MS, 'reading positions');
}

async function gather(
  kafka: KafkaAccess,
  session: Pick<Session, 'run'>,
  topic: string,
): Promise<TopicFindings> {
  // PostgreSQL first: it records positions after Kafka has committed them.
  const rows = await session.run(listRelayLanes, { topic });
  const { epoch, installationId } = await readOutputState(session);
  const state = await readTopic(kafka, topic);
  const [recorded] = await session.run(readRelayTopic, { topic });
  const lanes = rows.map(
    ({ lane, partition, publishedThrough, missingPositions, mendingAfter }) => ({
      lane,
      partition,
      publishedThrough,
      missingPositions,
      movingAfter: mendingAfter ?? undefined,
      committed: state.committed.get(partition),
      logEnd: state.logs.get(partition)?.end,
    }),
  );
  const at = recorded?.recommittedAt ?? undefined;
  return {
    evidence: {
      installation: installationId,
      clusterId: state.clusterId,
      recordedClusterId: recorded?.clusterId ?? undefined,
      epoch,
      partitions: state.logs.size,
      lanes: await withAnchors(session, lanes),
    },
    logs: state.logs,
    parked: rows.filter(({ parkedCode }) => parkedCode !== null).map(({ lane }) => lane),
    recommittedMsAgo: at === undefined ? undefined : (recorded?.nowMs ?? at) - at,
  };
}

type Committed = NonNullable<LaneEvidence['committed']>;

interface TopicState {
  readonly clusterId: string;
  readonly logs: ReadonlyMap<number, LogOffsets>;
  readonly committed: ReadonlyMap<number, Committed>;
}

async function readTopic(kafka: KafkaAccess, topic: string): Promise<TopicState> {
  const { admin } = kafka;
  const cluster = await readClusterId(admin);
  const described = await describeTopics(admin, [topic]);
  // kafkajs would wait for the offsets of a missing topic until it exists.
  const partitions = described.get(topic)?.partitions;
  if (partitions === undefined) {
    return { clusterId: cluster, logs: new Map(), committed: new Map() };
  }
  const offsets = await readCommittedOffsets(admin, RELAY_GROUP, topic, partitions);
  const logs = await readLogOffsets(admin, topic, partitions);
  const committed = [...offsets].map(
    ([partition, { offset, metadata }]) =>
      [partition, { position: offset, ...readMetadata(metadata) }] as const,
  );
  const fromLog = await positionsFromLog(kafka, topic, logs, new Set(offsets.keys()));
  return { clusterId: cluster, logs, committed: new Map([...committed, ...fromLog]) };
}

/**
 * The positions of partitions without a committed one, from their last messages. PostgreSQL's position alone would not do:
 * a database that went back would publish again what is in the log.
 */
async function positionsFromLog(
  kafka: KafkaAccess,
  topic: string,
  logs: ReadonlyMap<number, LogOffsets>,
  known: ReadonlySet<number>,
): Promise<readonly (readonly [number, Committed])[]> {
  const unknown = [...logs].filter(
    ([partition, { start, end }]) => !known.has(partition) && end > start,
  );
  if (unknown.length === 0) return [];
  const last = await readLastPublished(kafka, topic, new Map(unknown));
  return [...last].map(([partition, { position, anchor, epoch }]) => [
    partition,
    { position, anchor, epoch, installation: undefined },
  ]);
}

async function withAnchors(
  session: Pick<Session, 'run'>,
  lanes: readonly Omit<LaneEvidence, 'rowAnchor'>[],
): Promise<readonly LaneEvidence[]> {
  const wanted = lanes.map((lane) => ({ lane: lane.lane, position: positionOf(lane) }));
  const found = await session.run(listAnchorRows, positionColumns(wanted));
  const anchors = new Map(found.map((row) => [row.lane, anchorOf(row)]));
  return lanes.map((lane) => ({ ...lane, rowAnchor: anchors.get(lane.lane) }));
}
