import { createHash } from 'node:crypto';
import type { FailureCode } from '@latchkey/contracts';

/** A position that is committed to Kafka; see `readMetadata`. */
export interface CommittedPosition {
  readonly position: bigint;
  /** Of the message at the position. */
  readonly anchor: string;
  /** The highest epoch known to be published to the partition. */
  readonly epoch: number;
  /** The id of the installation that committed it; undefined where an older version did, or it is from the log. */
  readonly installation: string | undefined;
}

/** What PostgreSQL and Kafka have of one lane. */
export interface LaneEvidence {
  readonly lane: number;
  readonly partition: number;
  /** The position that PostgreSQL has recorded; 0 where nothing was published. */
  readonly publishedThrough: bigint;
  /** undefined where Kafka has no position, or has forgotten it. */
  readonly committed: CommittedPosition | undefined;
  /** How many positions at most are not in the log: it was recreated, and publishing continued after them. */
  readonly missingPositions: bigint;
  /** An unfinished rebase moves the messages after this position; undefined where there is none. */
  readonly movingAfter: bigint | undefined;
  /** The anchor of the outbox row at `positionOf` of the two; undefined where there is no such row. */
  readonly rowAnchor: string | undefined;
  /** The end of the partition's log; undefined where the topic has no such partition. */
  readonly logEnd: bigint | undefined;
}

export interface TopicEvidence {
  /** The id of the database's own installation. */
  readonly installation: string;
  readonly clusterId: string;
  /** The cluster that the topic was first published to; undefined before. */
  readonly recordedClusterId: string | undefined;
  /** The epoch of the database. */
  readonly epoch: number;
  /** Partitions that the topic has; 0 where it does not exist. */
  readonly partitions: number;
  readonly lanes: readonly LaneEvidence[];
}

/** The last published position of a lane, and the message at it. */
export interface LaneAnchor {
  readonly lane: number;
  readonly partition: number;
  readonly position: bigint;
  /** Empty where nothing was published. */
  readonly anchor: string;
  /** The highest epoch published to the partition. */
  readonly epoch: number;
}

/** Why a topic is not published: one side has lost something. */
export interface Refusal {
  readonly code: FailureCode;
  /** The finding, and the command that repairs it. */
  readonly detail: string;
}

export type AnchorCheck =
  | {
      readonly kind: 'agreed';
      readonly lanes: readonly LaneAnchor[];
      /** Kafka has a position of every lane, committed by this installation. */
      readonly claimed: boolean;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The anchor of a message: its id and digest. It is committed with a position, to recognise the message there. */
export function anchorOf(message: { readonly ceId: string; readonly digest: string }): string {
  return `${message.ceId} ${message.digest}`;
}

/**
 * The digest of an anchor, hexadecimal SHA-256; `listAnchorRows` computes the same of a row. It covers the time of the
 * decision: a database that lost commits and decides again may reach an equal last message after other messages than were
 * published.
 *
 * @param decidedAt - the header `ce_time`; undefined where a message has none
 */
export function digestOf(decidedAt: string | undefined, payload: string | Buffer): string {
  return createHash('sha256')
    .update(`${decidedAt ?? ''} `)
    .update(payload)
    .digest('hex');
}

const NO_ANCHOR = ' ';

/**
 * The metadata that is committed with a position: `<ce_id> <digest> <epoch> <installation>`, the first two empty where
 * nothing was published. Older versions read the first three.
 */
export function metadataOf(
  { anchor, epoch }: Pick<LaneAnchor, 'anchor' | 'epoch'>,
  installation: string,
): string {
  return `${anchor === '' ? NO_ANCHOR : anchor} ${epoch} ${installation}`;
}

/** Parses the result of `metadataOf`. Older versions wrote no installation, or no epoch. */
export function readMetadata(metadata: string): Omit<CommittedPosition, 'position'> {
  const [ceId = '', digest = '', epoch = '0', installation] = metadata.split(' ');
  return {
    anchor: ceId === '' ? '' : anchorOf({ ceId, digest }),
    epoch: Number(epoch),
    installation,
  };
}

/** The last published position: Kafka's; PostgreSQL's where Kafka has none. */
export function positionOf(lane: Pick<LaneEvidence, 'committed' | 'publishedThrough'>): bigint {
  return lane.committed?.position ?? lane.publishedThrough;
}

/**
 * Compares what Kafka and PostgreSQL have of a topic. They agree only if neither side has lost anything since the last
 * message was published: architecture §5.
 */
export function checkAnchor(evidence: TopicEvidence): AnchorCheck {
  const refusal = checkTopic(evidence) ?? checkLanes(evidence);
  if (refusal !== undefined) return { kind: 'refused', refusal };
  return {
    kind: 'agreed',
    lanes: evidence.lanes.map((lane) => ({
      lane: lane.lane,
      partition: lane.partition,
      position: positionOf(lane),
      anchor: lane.rowAnchor ?? '',
      epoch: lane.committed?.epoch ?? evidence.epoch,
    })),
    claimed: isClaimed(evidence),
  };
}

/** Refuses a topic that another installation publishes. */
export function checkInstallation(evidence: TopicEvidence): Refusal | undefined {
  const { installation, lanes } = evidence;
  const other = lanes.find(({ committed }) => {
    const committer = committed?.installation;
    return committer !== undefined && committer !== installation;
  });
  if (other === undefined) return undefined;
  return {
    code: 'RELAY_INSTALLATION_DIFFERS',
    detail: `partition ${other.partition}: published by installation ${other.committed?.installation ?? ''}, this is ${installation}: give it topics of its own, or relay rebase --take-over`,
  };
}

/** The evidence as if an older version of this installation had published the messages of another one, in this cluster. */
export function treatAsOwn(evidence: TopicEvidence): TopicEvidence {
  const lanes = evidence.lanes.map((lane) => {
    const { committed } = lane;
    const isOwn = committed === undefined || committed.installation === evidence.installation;
    if (isOwn) return lane;
    const missingPositions = absentOf(lane);
    return { ...lane, committed: { ...committed, installation: undefined }, missingPositions };
  });
  return { ...evidence, recordedClusterId: undefined, lanes };
}

/** How many positions at most are not in the log. The database has no record of what another installation published. */
function absentOf(lane: LaneEvidence): bigint {
  const absent = positionOf(lane) - (lane.logEnd ?? 0n);
  return absent > lane.missingPositions ? absent : lane.missingPositions;
}

/** Kafka has a position of every lane, committed by this installation. */
export function isClaimed({ installation, lanes }: TopicEvidence): boolean {
  return lanes.every(({ committed }) => committed?.installation === installation);
}

/** Refuses the topic as a whole; undefined where nothing is wrong with it. */
export function checkTopic(evidence: TopicEvidence): Refusal | undefined {
  const { clusterId, recordedClusterId, partitions, lanes } = evidence;
  if (recordedClusterId !== undefined && recordedClusterId !== clusterId) {
    return {
      code: 'RELAY_CLUSTER_CHANGED',
      detail: `published to cluster ${recordedClusterId}, connected to cluster ${clusterId}: correct KAFKA_BROKERS, or relay replay`,
    };
  }
  const another = checkInstallation(evidence);
  if (another !== undefined) return another;
  if (partitions === 0) {
    return {
      code: 'TOPIC_SETTING',
      detail: `the topic does not exist: create it with ${lanes.length} partitions`,
    };
  }
  if (partitions !== lanes.length) {
    return {
      code: 'PARTITION_COUNT_DIFFERS',
      detail: `the topic has ${partitions} partitions, the database ${lanes.length} lanes: relay repartition`,
    };
  }
  return undefined;
}

function checkLanes({ lanes, epoch }: TopicEvidence): Refusal | undefined {
  for (const lane of lanes) {
    const refusal = checkLane(lane, epoch);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * Refuses one lane; undefined where both sides agree.
 *
 * @param epoch - of the database
 */
export function checkLane(lane: LaneEvidence, epoch: number): Refusal | undefined {
  return checkPositions(lane, epoch) ?? checkMoving(lane);
}

/** Some messages may have new positions and others not, even where both sides agree. */
function checkMoving({ partition, movingAfter }: LaneEvidence): Refusal | undefined {
  if (movingAfter === undefined) return undefined;
  return {
    code: 'RELAY_ROW_MISSING',
    detail: `partition ${partition}: a rebase has begun to move the messages behind ${movingAfter} and is not done: relay rebase`,
  };
}

function checkPositions(lane: LaneEvidence, epoch: number): Refusal | undefined {
  const position = positionOf(lane);
  const noted = lane.publishedThrough;
  const least = position > noted ? position : noted;
  const found = (code: FailureCode, what: string): Refusal => ({
    code,
    detail: `partition ${lane.partition}: ${what}`,
  });
  // The database has nothing that a replay could publish, for any log.
  if (noted === 0n && position > 0n && lane.rowAnchor === undefined) {
    return checkRow(lane, epoch, found);
  }
  if ((lane.logEnd ?? 0n) + lane.missingPositions < least) {
    return found(
      'RELAY_TOPIC_SHORTER',
      `${least} messages were published, the log ends at ${lane.logEnd ?? 0n}: relay replay`,
    );
  }
  if (position < noted) {
    return found(
      'RELAY_POSITION_BEHIND',
      `Kafka's position is ${position}, PostgreSQL noted ${noted}: relay replay`,
    );
  }
  if (position === 0n) return undefined;
  return checkRow(lane, epoch, found);
}

function checkRow(
  lane: LaneEvidence,
  epoch: number,
  found: (code: FailureCode, what: string) => Refusal,
): Refusal | undefined {
  const position = positionOf(lane);
  if (lane.rowAnchor === undefined) {
    return found(
      'RELAY_ROW_MISSING',
      `published through ${position}, the outbox has no such row: relay rebase`,
    );
  }
  if (lane.committed !== undefined && lane.committed.anchor !== lane.rowAnchor) {
    return found(
      'RELAY_ANCHOR_DIFFERS',
      `Kafka holds another message at ${position} than the outbox: relay rebase if the database was restored, relay replay --topic if Kafka was`,
    );
  }
  if (lane.committed !== undefined && lane.committed.epoch > epoch) {
    return found(
      'RELAY_ANCHOR_DIFFERS',
      `Kafka has messages of epoch ${lane.committed.epoch}, the database counts in ${epoch}: relay rebase`,
    );
  }
  return undefined;
}
