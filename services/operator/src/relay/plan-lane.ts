import { type LaneEvidence, type PublishedRecord, positionOf } from '@latchkey/publication';

/** What is known of a lane whose database went back. */
export interface LaneKnown {
  readonly evidence: LaneEvidence;
  /** The last messages of its partition, in the order of the log. */
  readonly records: readonly PublishedRecord[];
  /** By position, the anchors of the outbox rows from `publishedThrough` on. */
  readonly rows: ReadonlyMap<bigint, string>;
}

/** Where a lane goes on. */
export interface LanePlan {
  /** Up to here the outbox has what was published. */
  readonly common: bigint;
  /** Up to here messages were published. */
  readonly published: bigint;
  /** The message at `published`; undefined where the topic does not hold it any more. */
  readonly record: PublishedRecord | undefined;
}

/**
 * Finds what of the outbox was published. What was noted as published before the database went back is
 * common history; behind it each row is compared with the message at its position, and the first that
 * differs was not published, nor was any behind it. Where the row at Kafka's own position is the message
 * that stands there, all before it was published, as the relay takes it, too. If even the row at the noted position is another,
 * the outbox is not the one that was published: nothing is common.
 *
 * Where an earlier run has begun to move messages it has noted what is common: rows do not tell it any more.
 */
export function planLane({ evidence, records, rows }: LaneKnown): LanePlan {
  const { publishedThrough, committed } = evidence;
  const anchors = new Map(records.map(({ position, anchor }) => [position, anchor]));
  const published = positionOf(evidence);
  if (committed !== undefined) anchors.set(published, committed.anchor);
  const common = evidence.mendingAfter ?? commonThrough(publishedThrough, published, anchors, rows);
  return {
    common: agrees(evidence) || common > published ? published : common,
    published,
    record: records.findLast(({ position }) => position === published),
  };
}

function agrees({ committed, rowAnchor }: LaneEvidence): boolean {
  return committed !== undefined && committed.anchor === rowAnchor;
}

function commonThrough(
  noted: bigint,
  published: bigint,
  anchors: ReadonlyMap<bigint, string>,
  rows: ReadonlyMap<bigint, string>,
): bigint {
  const [row, anchor] = [rows.get(noted), anchors.get(noted)];
  if (row !== undefined && anchor !== undefined && row !== anchor) return 0n;
  let common = noted;
  while (common < published) {
    const next = rows.get(common + 1n);
    if (next === undefined || next !== anchors.get(common + 1n)) break;
    common += 1n;
  }
  return common;
}
