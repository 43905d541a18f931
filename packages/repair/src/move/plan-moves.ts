import type { GoalDistance, LaneGoal, MovedPiece } from '@latchkey/postgres';

/** The messages that are moved next: those up to `through` move up to `to`, or those after `after` move down to after `to`. */
export type Piece =
  | (LaneGoal & { readonly kind: 'up'; readonly through: bigint })
  | (LaneGoal & { readonly kind: 'down' });

/** The measured distance of a lane's messages from their goal, and where the lane ends later, under its lock. */
interface Found {
  readonly distance: GoalDistance;
  /** Appended messages follow the last message without a gap. */
  readonly lastNow: bigint;
}

/**
 * The first piece to move; undefined where all messages are at their goal. Messages that must move up are the first ones
 * of the lane, and their last moves first; messages that must move down are the last ones, and their first moves first.
 * So no message blocks another, each is moved once at most, and a run can continue after any earlier one.
 */
export function firstPiece(goal: LaneGoal, { distance, lastNow }: Found): Piece | undefined {
  const { rows, last, rising, risingLast, fallingFirst, fallingTo } = distance;
  if (risingLast !== null) {
    // Where all messages must move up, appended ones must, too.
    const appended = rising === rows ? lastNow - last : 0n;
    const to = goal.to + rising + appended;
    return { ...goal, kind: 'up', through: risingLast + appended, to };
  }
  if (fallingFirst === null || fallingTo === null) return undefined;
  return { ...goal, kind: 'down', after: fallingFirst - 1n, to: fallingTo - 1n };
}

/** The next piece in the same direction; undefined where none is left. */
export function nextPiece(piece: Piece, { moved, edge, more }: MovedPiece): Piece | undefined {
  if (!more || edge === null) return undefined;
  return piece.kind === 'up'
    ? { ...piece, through: edge - 1n, to: piece.to - BigInt(moved) }
    : { ...piece, after: edge, to: piece.to + BigInt(moved) };
}
