import { sql } from 'kysely';
import { statement } from '../statement.ts';
import { textColumn } from '../text-column.ts';

/** A message that waits to be published. */
export interface OutboxRow {
  readonly lane: number;
  readonly position: bigint;
  readonly ceId: string;
  readonly key: string;
  /** JSON object of header name to text, without `lk_position`. */
  readonly headers: string;
  readonly payload: string;
}

/** Where a lane is to be read from. */
export interface LaneStart {
  readonly lane: number;
  /** The last position that is not wanted. */
  readonly after: bigint;
  /** At least 1. */
  readonly maxRows: number;
}

interface ReadParameters {
  readonly lanes: string;
  readonly afters: string;
  readonly maxRows: string;
  readonly maxBytes: number;
}

/** At most `maxBytes` of headers and payloads a lane, but always its first row. */
export function outboxRange(starts: readonly LaneStart[], maxBytes: number): ReadParameters {
  return {
    lanes: textColumn(starts.map((start) => start.lane)),
    afters: textColumn(starts.map((start) => start.after)),
    maxRows: textColumn(starts.map((start) => start.maxRows)),
    maxBytes,
  };
}

/**
 * The rows after the given positions, by lane and position; see `outboxRange`. One index descent a
 * lane where there is nothing new. Sizes are read from the
 * headers of stored values: a row that is left out is not fetched.
 */
export const readOutbox = statement<ReadParameters, OutboxRow>(
  'read_outbox',
  (p) => sql`
    select measured.lane, measured.position, measured.ce_id as "ceId", measured.key,
      measured.headers, measured.payload
    from unnest(
      string_to_array(${p.lanes}, E'\x1f')::integer[],
      string_to_array(${p.afters}, E'\x1f')::bigint[],
      string_to_array(${p.maxRows}, E'\x1f')::integer[]
    ) as wanted (lane, after, max_rows)
    cross join lateral (
      select following.lane, following.position, following.ce_id, following.key,
        following.headers, following.payload, following.bytes,
        sum(following.bytes) over (order by following.position) as bytes_through
      from (
        select lane, position, ce_id, key, headers, payload,
          octet_length(headers) + octet_length(payload) as bytes
        from outbox
        where outbox.lane = wanted.lane and outbox.position > wanted.after
        order by outbox.position
        limit wanted.max_rows
      ) as following
    ) as measured
    where measured.bytes_through <= ${p.maxBytes}::bigint
      or measured.bytes_through = measured.bytes
    order by measured.lane, measured.position`,
);

/** Which of these lanes have a row after their position: one index descent each. */
export const probeOutbox = statement<
  Pick<ReadParameters, 'lanes' | 'afters'>,
  Pick<OutboxRow, 'lane'>
>(
  'probe_outbox',
  (p) => sql`
    select wanted.lane
    from unnest(
      string_to_array(${p.lanes}, E'\x1f')::integer[],
      string_to_array(${p.afters}, E'\x1f')::bigint[]
    ) as wanted (lane, after)
    cross join lateral (
      select from outbox
      where outbox.lane = wanted.lane and outbox.position > wanted.after
      order by outbox.position
      limit 1
    ) as next`,
);
