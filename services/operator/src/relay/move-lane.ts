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

const MAX_ROWS_LOOKED_AT_ONCE = 20_000;
/** Bounds how long a reconciler that appends to the lane waits: for one piece. */
const PIECE_LIMITS = { maxRows: 5_000, maxBytes: 16 * 1024 * 1024 };

/**
 * Takes out of a lane, behind a position, the messages with these ids and what only stands for a message. Each part is
 * a transaction of its own.
 *
 * @returns how many were taken out
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
      maxRows: MAX_ROWS_LOOKED_AT_ONCE,
    });
    const known = rows.filter(({ ceId, isPlaceholder }) => isPlaceholder || ids.has(ceId));
    // eslint-disable-next-line no-await-in-loop -- see above
    if (known.length > 0) dropped += await drop(session, lane, known);
    const last = rows.at(-1);
    if (last === undefined || rows.length < MAX_ROWS_LOOKED_AT_ONCE) return dropped;
    from = last.position;
  }
}

function drop(
  session: Session,
  lane: number,
  rows: readonly { readonly position: bigint }[],
): Promise<number> {
  const positions = textColumn(rows.map(({ position }) => position));
  return underLock(session, lane, async (tx) => {
    const [answer] = await tx.run(dropMessages, { lane, positions });
    return answer?.dropped ?? 0;
  });
}

/**
 * Moves messages to where they shall stand, in pieces, each in a transaction that locks the lane. Messages that are
 * appended between two pieces are moved, too. After a kill at any moment another call moves the rest.
 *
 * @returns how many were moved
 */
export async function moveLane(session: Session, goal: LaneGoal): Promise<number> {
  let total = 0;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- looks again until nothing is left, which takes three looks at most
    const moved = await moveOneWay(session, goal);
    if (moved === 0) return total;
    total += moved;
  }
}

/** 0: all messages stood where they shall when it looked. */
async function moveOneWay(session: Session, goal: LaneGoal): Promise<number> {
  const [distance] = await session.run(measureDistance, goal);
  if (distance === undefined) return 0;
  let moved: (MovedPiece & { readonly piece: Piece }) | undefined = await underLock(
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
    moved = await underLock(session, goal.lane, (tx) => movePiece(tx, next));
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

function underLock<T>(session: Session, lane: number, work: (tx: Tx) => Promise<T>): Promise<T> {
  return session.transaction(async (tx) => {
    await tx.run(lockLanes, { lanes: textColumn([lane]) });
    return work(tx);
  });
}
