import { sql } from 'kysely';
import { statement } from '../statement.ts';
import { textColumn } from '../text-column.ts';
import type { LanePosition } from './relay-positions.ts';

/** The columns of a message that keeps everything but its position. */
const kept = sql.raw('ce_id, key, headers, payload, generation, appended_at');

interface MoveColumns {
  readonly lanes: string;
  readonly afters: string;
}

/** @param marks - by lane, the position after which messages receive new positions */
export function encodeMoves(marks: readonly LanePosition[]): MoveColumns {
  return {
    lanes: textColumn(marks.map(({ lane }) => lane)),
    afters: textColumn(marks.map(({ position }) => position)),
  };
}

/** The messages after these positions are being moved: no relay publishes the topics of these lanes until `placeLane`. */
export const markMoving = statement<MoveColumns, object>(
  'mark_mending',
  (p) => sql`
    insert into relay_position (lane, mending_after)
    select lane, after
    from unnest(
      string_to_array(${p.lanes}, E'\x1f')::integer[],
      string_to_array(${p.afters}, E'\x1f')::bigint[]
    ) as marked (lane, after)
    order by lane
    on conflict (lane) do update
    set mending_after = excluded.mending_after, updated_at = excluded.updated_at`,
);

/** The messages of a lane after `after`, and their new positions: after `to`, in their order, without a gap. */
export interface LaneGoal {
  readonly lane: number;
  readonly after: bigint;
  readonly to: bigint;
}

/** How far the messages are from their goal. */
export interface GoalDistance {
  readonly rows: bigint;
  /** Of the last message; `after` where there is none. */
  readonly last: bigint;
  /** How many must go up; they are the first ones. */
  readonly rising: bigint;
  /** Of the last one that must; null where none must. */
  readonly risingLast: bigint | null;
  /** Of the first one that must go down, as all after it must; null where none must. */
  readonly fallingFirst: bigint | null;
  /** The new position of that one; null where none must. */
  readonly fallingTo: bigint | null;
}

/** Reads the position of each message. */
export const measureDistance = statement<LaneGoal, GoalDistance>(
  'measure_distance',
  (p) => sql`
    select count(*) as rows, coalesce(max(position), ${p.after}::bigint) as last,
      count(*) filter (where position < goal) as rising,
      max(position) filter (where position < goal) as "risingLast",
      min(position) filter (where position > goal) as "fallingFirst",
      min(goal) filter (where position > goal) as "fallingTo"
    from (
      select position, ${p.to}::bigint + row_number() over (order by position) as goal
      from outbox where lane = ${p.lane} and position > ${p.after}::bigint
    ) as waiting`,
);

/** The first and the last message after a position; null where there is none. */
export const readEnds = statement<
  { lane: number; after: bigint },
  { first: bigint | null; last: bigint | null }
>(
  'read_ends',
  (p) => sql`
    select
      (select min(position) from outbox where lane = ${p.lane} and position > ${p.after}::bigint)
        as first,
      (select max(position) from outbox where lane = ${p.lane} and position > ${p.after}::bigint)
        as last`,
);

/** How much one statement moves at most; but always one message. */
interface PieceLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** What one statement has moved. */
export interface MovedPiece {
  readonly moved: number;
  /** The old position of the last of them; null where none was moved. */
  readonly edge: bigint | null;
  /** There are more of them. */
  readonly more: boolean;
}

/**
 * Moves the last messages between `after` and `through`: the last one to the position `to`, the others right before it,
 * in their order. These positions must be free, and the lane locked.
 */
export const moveUp = statement<LaneGoal & { readonly through: bigint } & PieceLimits, MovedPiece>(
  'move_up',
  (p) => sql`
    with following as materialized (
      select position, octet_length(headers) + octet_length(payload) as bytes
      from outbox
      where lane = ${p.lane} and position > ${p.after}::bigint and position <= ${p.through}::bigint
      order by position desc limit ${p.maxRows}::integer
    ), piece as materialized (
      select min(position) as least
      from (
        select position, bytes, sum(bytes) over (order by position desc) as bytes_through
        from following
      ) as measured
      where bytes_through <= ${p.maxBytes}::bigint or bytes_through = bytes
    ), moved as (
      delete from outbox
      where lane = ${p.lane} and position >= (select least from piece)
        and position <= ${p.through}::bigint
      returning position, ${kept}
    ), placed as (
      insert into outbox (lane, position, ${kept})
      select ${p.lane}, ${p.to}::bigint + 1 - row_number() over (order by position desc), ${kept}
      from moved
      order by position
      returning 1
    )
    select (select count(*) from placed)::integer as moved, least as edge,
      exists (
        select from outbox
        where lane = ${p.lane} and position > ${p.after}::bigint and position < least
      ) as more
    from piece`,
);

/**
 * Moves the first messages after `after` down, to the positions after `to`, in their order. These must be free, and
 * the lane locked.
 */
export const moveDown = statement<LaneGoal & PieceLimits, MovedPiece>(
  'move_down',
  (p) => sql`
    with following as materialized (
      select position, octet_length(headers) + octet_length(payload) as bytes
      from outbox
      where lane = ${p.lane} and position > ${p.after}::bigint
      order by position limit ${p.maxRows}::integer
    ), piece as materialized (
      select max(position) as most
      from (
        select position, bytes, sum(bytes) over (order by position) as bytes_through
        from following
      ) as measured
      where bytes_through <= ${p.maxBytes}::bigint or bytes_through = bytes
    ), moved as (
      delete from outbox
      where lane = ${p.lane} and position > ${p.after}::bigint
        and position <= (select most from piece)
      returning position, ${kept}
    ), placed as (
      insert into outbox (lane, position, ${kept})
      select ${p.lane}, ${p.to}::bigint + row_number() over (order by position), ${kept}
      from moved
      order by position
      returning 1
    )
    select (select count(*) from placed)::integer as moved, most as edge,
      exists (select from outbox where lane = ${p.lane} and position > most) as more
    from piece`,
);

/** What is needed to find out whether a message was published. */
export interface WaitingRow {
  readonly position: bigint;
  readonly ceId: string;
  /** A placeholder (generation 0). */
  readonly isPlaceholder: boolean;
}

/** The next messages after a position. */
export const listWaiting = statement<{ lane: number; after: bigint; maxRows: number }, WaitingRow>(
  'list_waiting',
  (p) => sql`
    select position, ce_id as "ceId", generation = 0 as "isPlaceholder"
    from outbox where lane = ${p.lane} and position > ${p.after}::bigint
    order by position limit ${p.maxRows}::integer`,
);

/** Deletes the messages at these positions (a `textColumn`) from a lane, which must be locked. */
export const dropMessages = statement<{ lane: number; positions: string }, { dropped: number }>(
  'drop_messages',
  (p) => sql`
    with gone as (
      delete from outbox
      where lane = ${p.lane}
        and position = any (string_to_array(${p.positions}, E'\x1f')::bigint[])
      returning 1
    )
    select count(*)::integer as dropped from gone`,
);
