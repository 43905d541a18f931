import { sql } from 'kysely';
import { statement } from '../statement.ts';

/**
 * Gives the messages behind `after` new positions, from the one behind `to` on, in their order and
 * without a gap. What only stands for a message (generation 0) is dropped. The lane must be locked.
 */
export const renumberOutbox = statement<
  { lane: number; after: bigint; to: bigint },
  { renumbered: number }
>(
  'renumber_outbox',
  (p) => sql`
    with moved as (
      delete from outbox where lane = ${p.lane} and position > ${p.after}::bigint
      returning position, ce_id, key, headers, payload, generation, appended_at
    ), placed as (
      insert into outbox (lane, position, ce_id, key, headers, payload, generation, appended_at)
      select ${p.lane}, ${p.to}::bigint + row_number() over (order by position), ce_id, key, headers,
        payload, generation, appended_at
      from moved where generation > 0
      order by position
      returning 1
    )
    select count(*)::integer as renumbered from placed`,
);

/** Takes the messages with these ids that stand behind a position out of a lane, which must be locked. */
export const dropMessages = statement<
  { lane: number; after: bigint; ceIds: string },
  { dropped: number }
>(
  'drop_messages',
  (p) => sql`
    with gone as (
      delete from outbox
      where lane = ${p.lane} and position > ${p.after}::bigint
        and ce_id in (select unnest(string_to_array(${p.ceIds}, E'\x1f'))::uuid)
      returning 1
    )
    select count(*)::integer as dropped from gone`,
);

/** A message as the topic has it, or what stands for one. */
export interface AdoptedRow {
  readonly lane: number;
  readonly position: bigint;
  readonly ceId: string;
  readonly key: string;
  /** JSON object of header name to text, without `lk_position`. */
  readonly headers: string;
  readonly payload: string;
  /** 0: it only stands for a message whose content is not known any more. */
  readonly generation: bigint;
}

/** Puts a message that was published into the outbox, at a position that is free. */
export const adoptOutboxRow = statement<AdoptedRow, object>(
  'adopt_outbox_row',
  (p) => sql`
    insert into outbox (lane, position, ce_id, key, headers, payload, generation)
    values (${p.lane}, ${p.position}, ${p.ceId}, ${p.key}, ${p.headers}, ${p.payload},
      ${p.generation})`,
);

/** A lane is published through this position, also where more was noted; it is not parked. */
export const placeLane = statement<
  { lane: number; position: bigint; missingPositions: bigint },
  object
>(
  'place_lane',
  (p) => sql`
    insert into relay_position (lane, published_through, missing_positions)
    values (${p.lane}, ${p.position}, ${p.missingPositions})
    on conflict (lane) do update set
      published_through = excluded.published_through,
      missing_positions = excluded.missing_positions, parked_code = null,
      updated_at = excluded.updated_at`,
);

/** The topic is in this cluster, and nothing speaks against publishing it. */
export const placeTopic = statement<{ topic: string; clusterId: string }, { nowMs: number }>(
  'place_topic',
  (p) => sql`
    insert into relay_topic (topic, cluster_id) values (${p.topic}, ${p.clusterId})
    on conflict (topic) do update set
      cluster_id = excluded.cluster_id, recommitted_at = null,
      refused_code = null, refused_detail = null, refused_at = null
    returning clock_timestamp() as "nowMs"`,
);

/** How many messages stand behind a position, and where the last of them does: the position itself if there is none. */
export const measureWaiting = statement<
  { lane: number; after: bigint },
  { rows: bigint; last: bigint }
>(
  'measure_waiting',
  (p) => sql`
    select count(*) as rows, coalesce(max(position), ${p.after}::bigint) as last from outbox
    where lane = ${p.lane} and position > ${p.after}::bigint`,
);

/** Takes everything behind a position out of a lane, which must be locked. */
export const deleteWaiting = statement<{ lane: number; after: bigint }, { deleted: number }>(
  'delete_waiting',
  (p) => sql`
    with gone as (
      delete from outbox where lane = ${p.lane} and position > ${p.after}::bigint returning 1
    )
    select count(*)::integer as deleted from gone`,
);

/**
 * From which position on a lane can be published again, and the last one that it holds; 1 and 0 where it is empty. The
 * message before must be there, also as one that only stands for it (generation 0): it tells where the relay stands.
 */
export const readKept = statement<{ lane: number }, { earliest: bigint; last: bigint }>(
  'read_kept',
  (p) => sql`
    select coalesce(max(
        case when generation = 0 then position + 1
          when position > 1 and before is distinct from position - 1 then position + 1 end), 1)
        as earliest,
      coalesce(max(position), 0) as last
    from (
      select position, generation, lag(position) over (order by position) as before
      from outbox where lane = ${p.lane}
    ) as kept`,
);
