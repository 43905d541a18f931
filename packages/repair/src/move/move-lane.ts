import {
  dropMessages,
  type LaneGoal,
  listWaiting,
  lockLanes,
  type MovedPiece,
  measureDistance,
  moveDown,
  moveUp,
  readEnds,
  type Session,
  type Tx,
  textColumn,
} from '@latchkey/postgres';
import { firstPiece, nextPiece, type Piece } from './plan-moves.ts';

const MAX_ROWS_SCANNED_AT_ONCE = 20_000;
/** A reconciler that appends to the lane waits for one piece at most. */
const PIECE_LIMITS = { maxRows: 5_000, maxBytes: 16 * 1024 * 1024 };

/**
 * Deletes the messages with these ids, and placeholders, after a position of a lane. Each part is one transaction.
 *
 * @returns how many were deleted
 */
export async function dropKnown(
  session: Session,
  { lane, after }: Pick<LaneGoal, 'lane' | 'after'>,
  ids: ReadonlySet<string>,
): Promise<number> {
  let dropped = 0;
  let from = after;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- bounded parts, one after the other
    const rows = await session.run(listWaiting, {
      lane,
      after: from,
      maxRows: MAX_ROWS_SCANNED_AT_ONCE,
    });
    const known = rows.filter(({ ceId, isPlaceholder }) => isPlaceholder || ids.has(ceId));
    // eslint-disable-next-line no-await-in-loop -- see above
    if (known.length > 0) dropped += await drop(session, lane, known);
    const last = rows.at(-1);
    if (last === undefined || rows.length < MAX_ROWS_SCANNED_AT_ONCE) return dropped;
    from = last.position;
  }
}

function drop(
  session: Session,
  lane: number,
  rows: readonly { readonly position: bigint }[],
): Promise<number> {
  const positions = textColumn(rows.map(({ position }) => position));
  return withLaneLock(session, lane, async (tx) => {
    const [answer] = await tx.run(dropMessages, { lane, positions });
    return answer?.dropped ?? 0;
  });
}

/**
 * Moves messages to their goal, in pieces, each in a transaction that locks the lane. Messages that are appended between
 * two pieces are moved, too. After a kill at any moment another call moves the rest.
 *
 * @returns how many were moved
 */
export async function moveLane(session: Session, goal: LaneGoal): Promise<number> {
  let total = 0;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- measures again until nothing is left: three times at most
    const moved = await moveOneWay(session, goal);
    if (moved === 0) return total;
    total += moved;
  }
}

/** How many messages were moved; 0 where all were at their goal. */
async function moveOneWay(session: Session, goal: LaneGoal): Promise<number> {
  const [distance] = await session.run(measureDistance, goal);
  if (distance === undefined) return 0;
  let moved: (MovedPiece & { readonly piece: Piece }) | undefined = await withLaneLock(
    session,
    goal.lane,
    async (tx) => {
      const [ends] = await tx.run(readEnds, goal);
      return movePiece(tx, firstPiece(goal, { distance, lastNow: ends?.last ?? distance.last }));
    },
  );
  let total = 0;
  while (moved !== undefined) {
    total += moved.moved;
    const next = nextPiece(moved.piece, moved);
    // eslint-disable-next-line no-await-in-loop -- piece by piece
    moved = await withLaneLock(session, goal.lane, (tx) => movePiece(tx, next));
  }
  return total;
}

async function movePiece(
  tx: Tx,
  piece: Piece | undefined,
): Promise<(MovedPiece & { readonly piece: Piece }) | undefined> {
  if (piece === undefined) return undefined;
  const [moved] =
    piece.kind === 'up'
      ? await tx.run(moveUp, { ...piece, ...PIECE_LIMITS })
      : await tx.run(moveDown, { ...piece, ...PIECE_LIMITS });
  return moved === undefined ? undefined : { ...moved, piece };
}

function withLaneLock<T>(session: Session, lane: number, work: (tx: Tx) => Promise<T>): Promise<T> {
  return session.transaction(async (tx) => {
    await tx.run(lockLanes, { lanes: textColumn([lane]) });
    return work(tx);
  });
}
