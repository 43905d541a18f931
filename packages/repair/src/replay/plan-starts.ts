import { Failure } from '@latchkey/contracts';
import { listAnchorRows, positionColumns, readKept, type Session } from '@latchkey/postgres';
import {
  anchorOf,
  type LaneEvidence,
  type PublishedRecord,
  positionOf,
} from '@latchkey/publication';
import { type Kept, type ReplayFrom, type Start, startOf } from './replay-from.ts';

/** From which position a lane is published. */
export interface PlannedStart {
  readonly topic: string;
  readonly lane: number;
  readonly partition: number;
  readonly from: bigint;
  /** The last position of the outbox. */
  readonly last: bigint;
  /** How many positions at most are not in the partition's log. */
  readonly missingPositions: bigint;
}

/** A lane, and the last message of its partition; undefined where the log has none, or the position is given. */
export interface LaneToStart {
  readonly evidence: LaneEvidence;
  readonly lastRecord: PublishedRecord | undefined;
}

/**
 * The position from which each of these lanes of a topic is published. Reads all of them before it refuses one.
 *
 * @throws Failure OUTBOX_NOT_KEPT, with the possible positions of each lane, where the outbox lacks the message before
 *   a start, by which the relay verifies its position; RELAY_ANCHOR_DIFFERS where a log ends with another message
 *   than the outbox has at that position
 */
export async function planStarts(
  session: Session,
  topic: string,
  lanes: readonly LaneToStart[],
  from: ReplayFrom,
): Promise<readonly PlannedStart[]> {
  const starts: (Start & Kept & LaneToStart)[] = [];
  for (const lane of lanes) {
    // eslint-disable-next-line no-await-in-loop -- a handful of lanes
    const kept = await keptOf(session, lane.evidence.lane);
    starts.push({ ...lane, ...kept, ...startOf(kept, from, lastPublishedOf(lane)) });
  }
  refuseNotKept(topic, starts);
  for (const { evidence, lastRecord } of starts) {
    if (from !== undefined || lastRecord === undefined) continue;
    // eslint-disable-next-line no-await-in-loop -- see above
    await refuseOtherMessage(session, topic, evidence, lastRecord);
  }
  return starts.map(({ evidence: { lane, partition, logEnd }, position, last }) => {
    const absent = position - 1n - (logEnd ?? 0n);
    const missingPositions = absent > 0n ? absent : 0n;
    return { topic, lane, partition, from: position, last, missingPositions };
  });
}

/** From the positions of both sides where the topic has deleted all its messages; undefined where it never had one. */
function lastPublishedOf({ evidence, lastRecord }: LaneToStart): bigint | undefined {
  if (lastRecord !== undefined) return lastRecord.position;
  return (evidence.logEnd ?? 0n) > 0n ? positionOf(evidence) : undefined;
}

async function keptOf(session: Session, lane: number): Promise<Kept> {
  const [kept] = await session.run(readKept, { lane });
  return kept ?? { earliest: 1n, last: 0n };
}

function refuseNotKept(topic: string, starts: readonly (Start & Kept & LaneToStart)[]): void {
  if (starts.every(({ isKept }) => isKept)) return;
  const partitions = starts.map(({ evidence: { partition }, position, isKept, earliest, last }) => {
    const wanted = isKept ? '' : `${position} is not kept, `;
    return `partition ${partition}: ${wanted}possible are ${earliest} to ${last + 1n}`;
  });
  throw new Failure('OUTBOX_NOT_KEPT', { topic, partitions });
}

async function refuseOtherMessage(
  session: Session,
  topic: string,
  { lane, partition }: Pick<LaneEvidence, 'lane' | 'partition'>,
  { position, anchor }: PublishedRecord,
): Promise<void> {
  const [row] = await session.run(listAnchorRows, positionColumns([{ lane, position }]));
  if (row !== undefined && anchorOf(row) === anchor) return;
  const found = `partition ${partition}: the log ends with another message than the outbox has at ${position}: relay rebase`;
  throw new Failure('RELAY_ANCHOR_DIFFERS', { topic, found });
}
