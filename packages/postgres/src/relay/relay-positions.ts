import { sql } from 'kysely';
import { statement } from '../statement.ts';
import { textColumn } from '../text-column.ts';

/** How far a lane was published, as far as the database knows. */
export interface RelayLaneRow {
  readonly lane: number;
  readonly partition: number;
  /** 0 where nothing was. */
  readonly publishedThrough: bigint;
  /** How many positions at most are not in the partition's log. */
  readonly missingPositions: bigint;
  /** Messages after this position are being moved; null where none are. */
  readonly mendingAfter: bigint | null;
  readonly parkedCode: string | null;
}

/** The lanes of a topic, by partition. */
export const listRelayLanes = statement<{ topic: string }, RelayLaneRow>(
  'list_relay_lanes',
  (p) => sql`
    select outbox_lane.lane, outbox_lane.partition,
      coalesce(relay_position.published_through, 0) as "publishedThrough",
      coalesce(relay_position.missing_positions, 0) as "missingPositions",
      relay_position.mending_after as "mendingAfter", relay_position.parked_code as "parkedCode"
    from outbox_lane
    left join relay_position on relay_position.lane = outbox_lane.lane
    where outbox_lane.topic = ${p.topic}
    order by outbox_lane.partition`,
);

export interface LanePosition {
  readonly lane: number;
  readonly position: bigint;
}

interface PositionColumns {
  readonly lanes: string;
  readonly positions: string;
}

export function positionColumns(positions: readonly LanePosition[]): PositionColumns {
  return {
    lanes: textColumn(positions.map(({ lane }) => lane)),
    positions: textColumn(positions.map(({ position }) => position)),
  };
}

/**
 * Records how far lanes were published. Never lowers a position: a relay that was paused may write late.
 */
export const savePublishedThrough = statement<PositionColumns, object>(
  'save_published_through',
  (p) => sql`
    insert into relay_position (lane, published_through)
    select lane, position
    from unnest(
      string_to_array(${p.lanes}, E'\x1f')::integer[],
      string_to_array(${p.positions}, E'\x1f')::bigint[]
    ) as published (lane, position)
    order by lane
    on conflict (lane) do update
    set published_through = excluded.published_through, updated_at = excluded.updated_at
    where relay_position.published_through < excluded.published_through`,
);

/** Records why the next message of a lane cannot be published; null: it was. */
export const saveParkedCode = statement<{ lane: number; code: string | null }, object>(
  'save_parked_code',
  (p) => sql`
    insert into relay_position (lane, parked_code) values (${p.lane}, ${p.code})
    on conflict (lane) do update
    set parked_code = excluded.parked_code, updated_at = excluded.updated_at
    where relay_position.parked_code is distinct from excluded.parked_code`,
);

/** What the message at a position was; none where the outbox has no such row. */
export interface AnchorRow {
  readonly lane: number;
  readonly position: bigint;
  readonly ceId: string;
  /** SHA-256, hexadecimal, of when it was decided (the header `ce_time`), a space and the payload. */
  readonly digest: string;
}

export const listAnchorRows = statement<PositionColumns, AnchorRow>(
  'list_anchor_rows',
  (p) => sql`
    select outbox.lane, outbox.position, outbox.ce_id as "ceId",
      encode(sha256(convert_to(
        coalesce(outbox.headers::json ->> 'ce_time', '') || ' ' || outbox.payload, 'UTF8')), 'hex') as digest
    from unnest(
      string_to_array(${p.lanes}, E'\x1f')::integer[],
      string_to_array(${p.positions}, E'\x1f')::bigint[]
    ) as anchor (lane, position)
    join outbox on outbox.lane = anchor.lane and outbox.position = anchor.position`,
);
