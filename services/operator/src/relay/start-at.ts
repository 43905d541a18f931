import { Failure } from '@latchkey/contracts';
import { listAnchorRows, positionColumns, readKept, type Session } from '@latchkey/postgres';
import { anchorOf, type LaneEvidence, type PublishedRecord } from '@latchkey/publication';

/** From where a lane is published. */
export interface PlacedLane {
  readonly topic: string;
  readonly lane: number;
  readonly partition: number;
  readonly from: bigint;
  /** Where the outbox ends. */
  readonly last: bigint;
  /** How many positions at most are not in the partition's log. */
  readonly missingPositions: bigint;
}

/** The positions of a lane that the outbox keeps without a gap; `first` is behind `last` where there is none. */
export interface KeptRange {
  readonly first: bigint;
  readonly last: bigint;
}

export async function kept(session: Session, lane: number): Promise<KeptRange> {
  const [range] = await session.run(readKept, { lane });
  return range ?? { first: 1n, last: 0n };
}

/**
 * Where a lane goes on: at a position, or behind the last message of its partition.
 *
 * @throws Failure OUTBOX_NOT_KEPT where the outbox lacks the message before it, by which the relay
 *   recognises where it stands; RELAY_ANCHOR_DIFFERS where the log ends with another message than the
 *   outbox has there
 */
export async function startAt(
  session: Session,
  topic: string,
  { lane, partition, logEnd }: LaneEvidence,
  { first, last }: KeptRange,
  at: bigint | PublishedRecord,
): Promise<PlacedLane> {
  const before = typeof at === 'bigint' ? at - 1n : at.position;
  const isKept = before === 0n ? first === 1n : before >= first && before <= last;
  if (!isKept) {
    const earliest = first === 1n ? 1n : first + 1n;
    throw new Failure('OUTBOX_NOT_KEPT', {
      topic,
      partition,
      wanted: (before + 1n).toString(),
      possible: `${earliest} to ${last + 1n}`,
    });
  }
  if (typeof at !== 'bigint') await refuseOther(session, topic, { lane, partition }, at);
  const absent = before - (logEnd ?? 0n);
  const missingPositions = absent > 0n ? absent : 0n;
  return { topic, lane, partition, from: before + 1n, last, missingPositions };
}

async function refuseOther(
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
