/**
 * Where a replay begins in each of its partitions: at the first position that the outbox can go on from, behind
 * the last that it holds, at a position; undefined: behind the last message of the partition's log.
 */
export type ReplayFrom = 'earliest' | 'latest' | bigint | undefined;

/** What the outbox keeps of a lane; see `readKept`. */
export interface Kept {
  readonly earliest: bigint;
  readonly last: bigint;
}

/** Where a lane goes on. */
export interface Start {
  /** Of the first message that is published. */
  readonly position: bigint;
  /** The outbox has all messages from there on, and the one before. */
  readonly isKept: boolean;
}

/** @param lastPublished - the last position that the log of the partition has held; undefined where it never held any */
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
