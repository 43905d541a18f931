import {
  type acquireTransactionalProducer,
  clusterId,
  committedOffsets,
  describeTopics,
  type KafkaLog,
  type KafkaSettings,
  logOffsets,
  type TopicAdmin,
  type TransactionalProducer,
} from '@latchkey/kafka';
import {
  listAnchorRows,
  listRelayLanes,
  positionColumns,
  readRelayTopic,
  type Session,
} from '@latchkey/postgres';
import {
  anchorOf,
  checkAnchor,
  type LaneAnchor,
  type LaneEvidence,
  positionOf,
  type Refusal,
  type TopicEvidence,
} from './anchor.ts';
import { withDeadline } from './deadline.ts';
import { RELAY_GROUP } from './publish.ts';

/** An open transaction of a relay that vanished holds up readers for so long, if nobody takes over. */
const TRANSACTION_TIMEOUT_MS = 15_000;
/** Below the transaction's own time-out: an open one holds up readers of every partition in it. */
const TRANSACTION_DEADLINE_MS = 10_000;
const EVIDENCE_DEADLINE_MS = 30_000;

/** What taking over a topic needs of Kafka. */
export interface KafkaAccess {
  readonly kafkaSettings: KafkaSettings;
  readonly admin: TopicAdmin;
  readonly log: KafkaLog;
  readonly acquireProducer: typeof acquireTransactionalProducer;
}

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
  transactionalId: string,
): Promise<Acquired> {
  await using stack = new AsyncDisposableStack();
  const producer = stack.use(
    await kafka.acquireProducer(
      kafka.kafkaSettings,
      {
        transactionalId,
        transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
        deadlineMs: TRANSACTION_DEADLINE_MS,
      },
      kafka.log,
    ),
  );
  const found = await withDeadline(
    investigate(kafka.admin, session, topic),
    EVIDENCE_DEADLINE_MS,
    'reading positions',
  );
  const check = checkAnchor(found.evidence);
  if (check.kind === 'refused') return check;
  stack.move();
  return {
    kind: 'acquired',
    producer,
    clusterId: found.evidence.clusterId,
    lanes: check.lanes,
    parked: found.parked,
    recommittedMsAgo: check.forgotten ? undefined : found.recommittedMsAgo,
  };
}

interface Found {
  readonly evidence: TopicEvidence;
  readonly parked: readonly number[];
  readonly recommittedMsAgo: number | undefined;
}

async function investigate(admin: TopicAdmin, session: Session, topic: string): Promise<Found> {
  const state = await readTopic(admin, topic);
  const rows = await session.run(listRelayLanes, { topic });
  const [recorded] = await session.run(readRelayTopic, { topic });
  const lanes = rows.map(({ lane, partition, publishedThrough }) => ({
    lane,
    partition,
    publishedThrough,
    committed: state.committed.get(partition),
    logEnd: state.logEnds.get(partition),
  }));
  const evidence = {
    clusterId: state.clusterId,
    recordedClusterId: recorded?.clusterId ?? undefined,
    partitions: state.logEnds.size,
    lanes: await withAnchors(session, lanes),
  };
  const at = recorded?.recommittedAt ?? undefined;
  return {
    evidence,
    parked: rows.filter(({ parkedCode }) => parkedCode !== null).map(({ lane }) => lane),
    recommittedMsAgo: at === undefined ? undefined : (recorded?.nowMs ?? at) - at,
  };
}

interface TopicState {
  readonly clusterId: string;
  /** By partition; empty where the topic does not exist. */
  readonly logEnds: ReadonlyMap<number, bigint>;
  readonly committed: ReadonlyMap<number, NonNullable<LaneEvidence['committed']>>;
}

async function readTopic(admin: TopicAdmin, topic: string): Promise<TopicState> {
  const cluster = await clusterId(admin);
  const described = await describeTopics(admin, [topic]);
  // Asking for the offsets of a topic that does not exist would wait until it does.
  if (!described.has(topic)) {
    return { clusterId: cluster, logEnds: new Map(), committed: new Map() };
  }
  const logs = await logOffsets(admin, topic);
  const committed = await committedOffsets(admin, RELAY_GROUP, topic);
  return {
    clusterId: cluster,
    logEnds: new Map([...logs].map(([partition, { end }]) => [partition, end])),
    committed: new Map(
      [...committed].map(([partition, { offset, metadata }]) => [
        partition,
        { position: offset, metadata },
      ]),
    ),
  };
}

async function withAnchors(
  session: Session,
  lanes: readonly Omit<LaneEvidence, 'rowAnchor'>[],
): Promise<readonly LaneEvidence[]> {
  const wanted = lanes.map((lane) => ({ lane: lane.lane, position: positionOf(lane) }));
  const found = await session.run(listAnchorRows, positionColumns(wanted));
  const anchors = new Map(found.map((row) => [row.lane, anchorOf(row)]));
  return lanes.map((lane) => ({ ...lane, rowAnchor: anchors.get(lane.lane) }));
}
