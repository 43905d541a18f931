import { createHash } from 'node:crypto';
import type { FailureCode } from '@latchkey/contracts';

/** What Kafka says of a position; see `readMetadata`. */
export interface CommittedPosition {
  readonly position: bigint;
  /** Of the message that stands there. */
  readonly anchor: string;
  /** The highest that was published to the partition, as far as is known. */
  readonly epoch: number;
  /** The id of the installation that committed it; undefined where an older version did, or the last message told it. */
  readonly installation: string | undefined;
}

/** What was found of one lane, on both sides. */
export interface LaneEvidence {
  readonly lane: number;
  readonly partition: number;
  /** What PostgreSQL noted; 0 where nothing was published. */
  readonly publishedThrough: bigint;
  /** undefined where Kafka holds no position, or has forgotten it. */
  readonly committed: CommittedPosition | undefined;
  /** How many positions at most are not in the log: it was made again, and publishing went on behind them. */
  readonly missingPositions: bigint;
  /** A rebase has begun to move the messages behind this position; undefined where none has. */
  readonly mendingAfter: bigint | undefined;
  /** The anchor of the outbox row at `positionOf` of the two; undefined where there is no such row. */
  readonly rowAnchor: string | undefined;
  /** Where the partition's log ends; undefined where the topic has no such partition. */
  readonly logEnd: bigint | undefined;
}

export interface TopicEvidence {
  /** The id of the database's own installation. */
  readonly installation: string;
  readonly clusterId: string;
  /** The cluster that the topic was first published to; undefined before. */
  readonly recordedClusterId: string | undefined;
  /** Of the database: in which it counts generations. */
  readonly epoch: number;
  /** Partitions that the topic has; 0 where it does not exist. */
  readonly partitions: number;
  readonly lanes: readonly LaneEvidence[];
}

/** From where a lane goes on, and what the message at that position was. */
export interface LaneAnchor {
  readonly lane: number;
  readonly partition: number;
  readonly position: bigint;
  /** Empty where nothing was published. */
  readonly anchor: string;
  /** The highest that was published to the partition. */
  readonly epoch: number;
}

/** Why a topic is not published: one side has lost something. */
export interface Refusal {
  readonly code: FailureCode;
  /** What was found, in words, and the command that mends it. */
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

/** What is committed with a position: enough to recognise the message that stands there. */
export function anchorOf(message: { readonly ceId: string; readonly digest: string }): string {
  return `${message.ceId} ${message.digest}`;
}

/**
 * The digest of an anchor, hexadecimal SHA-256; `listAnchorRows` makes the same of a row. It covers when
 * the message was decided: a database that lost commits and decides the same again may come to the same
 * last message behind others than were published.
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
 * What is committed with a position: `<ce_id> <digest> <epoch> <installation>`, the first two empty where nothing was
 * published. Versions that know no installation read the first three.
 */
export function metadataOf(
  { anchor, epoch }: Pick<LaneAnchor, 'anchor' | 'epoch'>,
  installation: string,
): string {
  return `${anchor === '' ? NO_ANCHOR : anchor} ${epoch} ${installation}`;
}

/** Takes apart what `metadataOf` has put together, also by versions that wrote no installation, or no epoch. */
export function readMetadata(metadata: string): Omit<CommittedPosition, 'position'> {
  const [ceId = '', digest = '', epoch = '0', installation] = metadata.split(' ');
  return {
    anchor: ceId === '' ? '' : anchorOf({ ceId, digest }),
    epoch: Number(epoch),
    installation,
  };
}

/** Where reading starts: Kafka's word counts; PostgreSQL's where Kafka has none. */
export function positionOf(lane: Pick<LaneEvidence, 'committed' | 'publishedThrough'>): bigint {
  return lane.committed?.position ?? lane.publishedThrough;
}

/**
 * Compares what Kafka and PostgreSQL say of a topic. They agree only if nothing was lost on either
 * side since the last message was published: architecture §6.
 */
export function checkAnchor(evidence: TopicEvidence): AnchorCheck {
  const refusal = refusalOfTopic(evidence) ?? firstRefusal(evidence);
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

/** Another installation publishes the topic: no one else may. */
export function refusalOfInstallation(evidence: TopicEvidence): Refusal | undefined {
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

/** The same, as if an older version of this installation had published what another one did, in this cluster. */
export function takenOver(evidence: TopicEvidence): TopicEvidence {
  const lanes = evidence.lanes.map((lane) => {
    const { committed } = lane;
    const isOwn = committed === undefined || committed.installation === evidence.installation;
    if (isOwn) return lane;
    const missingPositions = absentOf(lane);
    return { ...lane, committed: { ...committed, installation: undefined }, missingPositions };
  });
  return { ...evidence, recordedClusterId: undefined, lanes };
}

/** How many positions at most are not in the log; of a topic that another installation has published only the log tells. */
function absentOf(lane: LaneEvidence): bigint {
  const absent = positionOf(lane) - (lane.logEnd ?? 0n);
  return absent > lane.missingPositions ? absent : lane.missingPositions;
}

/** Kafka has a position of every lane, committed by this installation. */
export function isClaimed({ installation, lanes }: TopicEvidence): boolean {
  return lanes.every(({ committed }) => committed?.installation === installation);
}

/** What is wrong with the topic as a whole. */
export function refusalOfTopic(evidence: TopicEvidence): Refusal | undefined {
  const { clusterId, recordedClusterId, partitions, lanes } = evidence;
  if (recordedClusterId !== undefined && recordedClusterId !== clusterId) {
    return {
      code: 'RELAY_CLUSTER_CHANGED',
      detail: `published to cluster ${recordedClusterId}, connected to cluster ${clusterId}: correct KAFKA_BROKERS, or relay replay`,
    };
  }
  const another = refusalOfInstallation(evidence);
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

function firstRefusal({ lanes, epoch }: TopicEvidence): Refusal | undefined {
  for (const lane of lanes) {
    const refusal = refusalOfLane(lane, epoch);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** @param epoch - in which the database counts */
export function refusalOfLane(lane: LaneEvidence, epoch: number): Refusal | undefined {
  return disagreementOf(lane, epoch) ?? refusalOfMending(lane);
}

/** Some messages may have new positions and others not, also where both sides agree. */
function refusalOfMending({ partition, mendingAfter }: LaneEvidence): Refusal | undefined {
  if (mendingAfter === undefined) return undefined;
  return {
    code: 'RELAY_ROW_MISSING',
    detail: `partition ${partition}: a rebase has begun to move the messages behind ${mendingAfter} and is not done: relay rebase`,
  };
}

function disagreementOf(lane: LaneEvidence, epoch: number): Refusal | undefined {
  const position = positionOf(lane);
  const noted = lane.publishedThrough;
  const least = position > noted ? position : noted;
  const found = (code: FailureCode, what: string): Refusal => ({
    code,
    detail: `partition ${lane.partition}: ${what}`,
  });
  // It has nothing that could be published again, whatever the log holds.
  if (noted === 0n && position > 0n && lane.rowAnchor === undefined) {
    return differenceOf(lane, epoch, found);
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
  return differenceOf(lane, epoch, found);
}

function differenceOf(
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
