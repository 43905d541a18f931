import type { GoalDistance, LaneGoal, MovedPiece } from '@latchkey/postgres';

/** The messages that are moved next: those that end at `through` up to `to`, or those behind `after` down behind `to`. */
export type Piece =
  | (LaneGoal & { readonly kind: 'up'; readonly through: bigint })
  | (LaneGoal & { readonly kind: 'down' });

/** What was found of a lane: how far all messages are from their goal, and later, under its lock, where it ends. */
interface Found {
  readonly distance: GoalDistance;
  /** What was appended since follows the last message without a gap. */
  readonly lastNow: bigint;
}

/**
 * Where moving begins; undefined: all messages stand where they shall. No message is ever in the way of another, and
 * each is moved once at most: those that must go up are the first ones, and begin with their last; those that must go
 * down are the last ones, and begin with their first. So it does not matter how far an earlier run has come.
 */
export function firstPiece(goal: LaneGoal, { distance, lastNow }: Found): Piece | undefined {
  const { rows, last, rising, risingLast, fallingFirst, fallingTo } = distance;
  if (risingLast !== null) {
    // What is appended behind messages that all must go up must go up, too.
    const appended = rising === rows ? lastNow - last : 0n;
    const to = goal.to + rising + appended;
    return { ...goal, kind: 'up', through: risingLast + appended, to };
  }
  if (fallingFirst === null || fallingTo === null) return undefined;
  return { ...goal, kind: 'down', after: fallingFirst - 1n, to: fallingTo - 1n };
}

/** What follows a piece that was moved; undefined: nothing is left to be moved that way. */
export function nextPiece(piece: Piece, { moved, edge, more }: MovedPiece): Piece | undefined {
  if (!more || edge === null) return undefined;
  return piece.kind === 'up'
    ? { ...piece, through: edge - 1n, to: piece.to - BigInt(moved) }
    : { ...piece, after: edge, to: piece.to + BigInt(moved) };
}
