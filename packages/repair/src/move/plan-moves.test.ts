import type { GoalDistance, LaneGoal, MovedPiece } from '@latchkey/postgres';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstPiece, nextPiece, type Piece } from './plan-moves.ts';

/** A lane in memory, which refuses what the table refuses: two messages at one position. */
class Lane {
  /** Messages by position. */
  readonly rows = new Map<bigint, number>();
  readonly moves = new Map<number, number>();
  readonly #after: bigint;
  #next = 0;

  constructor(after: bigint, gaps: readonly number[]) {
    this.#after = after;
    let position = after;
    for (const gap of gaps) {
      position += BigInt(gap) + 1n;
      this.rows.set(position, this.#next);
      this.#next += 1;
    }
  }

  append(count: number): void {
    for (let n = 0; n < count; n += 1) {
      this.rows.set(this.last() + 1n, this.#next);
      this.#next += 1;
    }
  }

  sorted(): readonly bigint[] {
    return [...this.rows.keys()].toSorted((a, b) => Number(a - b));
  }

  last(): bigint {
    return this.sorted().at(-1) ?? this.#after;
  }

  measure({ to }: LaneGoal): GoalDistance {
    const rows = this.sorted().map((position, at) => ({ position, goal: to + BigInt(at) + 1n }));
    const rising = rows.filter(({ position, goal }) => position < goal);
    const falling = rows.find(({ position, goal }) => position > goal);
    return {
      rows: BigInt(rows.length),
      last: this.last(),
      rising: BigInt(rising.length),
      risingLast: rising.at(-1)?.position ?? null,
      fallingFirst: falling?.position ?? null,
      fallingTo: falling?.goal ?? null,
    };
  }

  move(piece: Piece, maxRows: number): MovedPiece {
    const isPart = (position: bigint): boolean =>
      position > piece.after && (piece.kind === 'down' || position <= piece.through);
    const part = this.sorted().filter(isPart);
    const chosen = piece.kind === 'up' ? part.slice(-maxRows) : part.slice(0, maxRows);
    const lowest = piece.kind === 'up' ? piece.to + 1n - BigInt(chosen.length) : piece.to + 1n;
    const messages = chosen.map((position) => this.rows.get(position) ?? -1);
    for (const position of chosen) this.rows.delete(position);
    for (const [at, message] of messages.entries()) {
      const position = lowest + BigInt(at);
      if (this.rows.has(position)) throw new Error(`two messages at ${position}`);
      this.rows.set(position, message);
      this.moves.set(message, (this.moves.get(message) ?? 0) + 1);
    }
    const edge = (piece.kind === 'up' ? chosen[0] : chosen.at(-1)) ?? null;
    return { moved: chosen.length, edge, more: part.length > chosen.length };
  }
}

/** Between two steps of a run: how many messages are appended, and whether the run is killed. */
interface Between {
  readonly appended: number;
  readonly ends: boolean;
}

/** One run; true if it was not killed. */
function run(lane: Lane, goal: LaneGoal, maxRows: number, next: () => Between): boolean {
  for (;;) {
    const distance = lane.measure(goal);
    lane.append(next().appended);
    let piece = firstPiece(goal, { distance, lastNow: lane.last() });
    if (piece === undefined) return true;
    while (piece !== undefined) {
      const moved = lane.move(piece, maxRows);
      const { appended, ends } = next();
      lane.append(appended);
      if (ends) return false;
      piece = nextPiece(piece, moved);
    }
  }
}

const story = fc.record({
  after: fc.bigInt({ min: 0n, max: 20n }),
  up: fc.bigInt({ min: 0n, max: 30n }),
  gaps: fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 30 }),
  maxRows: fc.integer({ min: 1, max: 8 }),
  between: fc.array(fc.record({ appended: fc.nat({ max: 3 }), ends: fc.boolean() }), {
    maxLength: 40,
  }),
});
const QUIET = { appended: 0, ends: false };

test('all messages end up after the goal, in order, for any appends and any kills of runs', () => {
  fc.assert(
    fc.property(story, ({ after, up, gaps, maxRows, between }) => {
      const lane = new Lane(after, gaps);
      const goal = { lane: 1, after, to: after + up };
      const events = [...between];
      const next = (): Between => events.shift() ?? QUIET;

      while (!run(lane, goal, maxRows, next));

      const positions = lane.sorted();
      expect(positions).toEqual(positions.map((_, at) => goal.to + BigInt(at) + 1n));
      expect(positions.map((position) => lane.rows.get(position))).toEqual(
        positions.map((_, at) => at),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('no message is moved twice, however often runs are killed', () => {
  fc.assert(
    fc.property(story, ({ after, up, gaps, maxRows, between }) => {
      const lane = new Lane(after, gaps);
      const goal = { lane: 1, after, to: after + up };
      const events = [...between];

      while (!run(lane, goal, maxRows, () => events.shift() ?? QUIET));

      expect(Math.max(0, ...lane.moves.values())).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2_000 },
  );
});

test('messages that are at their goal are not moved', () => {
  const goal = { lane: 1, after: 5n, to: 5n };
  const lane = new Lane(5n, [0, 0, 0]);

  expect(firstPiece(goal, { distance: lane.measure(goal), lastNow: 8n })).toBeUndefined();
  const empty = new Lane(5n, []);
  expect(firstPiece(goal, { distance: empty.measure(goal), lastNow: 5n })).toBeUndefined();
});
