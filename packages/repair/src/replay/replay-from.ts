/**
 * Where a replay starts in each of its partitions: at the first position from which the outbox is complete, after its
 * last position, or at this position; undefined: after the last message of the partition's log.
 */
export type ReplayFrom = 'earliest' | 'latest' | bigint | undefined;

/** The positions of a lane at which a replay can start, `earliest` to `last` + 1; see `readKept`. */
export interface Kept {
  readonly earliest: bigint;
  readonly last: bigint;
}

/** Where publishing of a lane starts. */
export interface Start {
  /** Of the first published message. */
  readonly position: bigint;
  /** The outbox has all messages from `position` on, and the one before. */
  readonly isKept: boolean;
}

/** @param lastPublished - the last position that the partition's log ever had; undefined where it never had any */
export function startOf(
  { earliest, last }: Kept,
  from: ReplayFrom,
  lastPublished: bigint | undefined,
): Start {
  const end = last + 1n;
  const position = positionOf(from, { earliest, end }, lastPublished);
  return { position, isKept: position >= earliest && position <= end };
}

function positionOf(
  from: ReplayFrom,
  { earliest, end }: { readonly earliest: bigint; readonly end: bigint },
  lastPublished: bigint | undefined,
): bigint {
  if (from === 'earliest') return earliest;
  if (from === 'latest') return end;
  return from ?? (lastPublished ?? 0n) + 1n;
}
