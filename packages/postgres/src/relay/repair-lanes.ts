import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** A message as the topic contains it, or a placeholder for one. */
export interface AdoptedRow {
  readonly lane: number;
  readonly position: bigint;
  readonly ceId: string;
  readonly key: string;
  /** JSON object of header name to text, without `lk_position`. */
  readonly headers: string;
  readonly payload: string;
  /** 0: a placeholder for a message whose content is no longer known. */
  readonly generation: bigint;
}

/** Inserts a published message into the outbox, at a position that is free. */
export const adoptOutboxRow = statement<AdoptedRow, object>(
  'adopt_outbox_row',
  (p) => sql`
    insert into outbox (lane, position, ce_id, key, headers, payload, generation)
    values (${p.lane}, ${p.position}, ${p.ceId}, ${p.key}, ${p.headers}, ${p.payload},
      ${p.generation})`,
);

/** The lane is published through this position, also where a higher one was recorded; it is neither parked nor being moved. */
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
      mending_after = null, updated_at = excluded.updated_at`,
);

/** The topic is in this cluster; no refusal remains. */
export const placeTopic = statement<{ topic: string; clusterId: string }, { nowMs: number }>(
  'place_topic',
  (p) => sql`
    insert into relay_topic (topic, cluster_id) values (${p.topic}, ${p.clusterId})
    on conflict (topic) do update set
      cluster_id = excluded.cluster_id, recommitted_at = null,
      refused_code = null, refused_detail = null, refused_at = null
    returning clock_timestamp() as "nowMs"`,
);

/** Deletes the messages after `after`, up to `through`, from a lane, which must be locked. */
export const deleteMessages = statement<{ lane: number; after: bigint; through: bigint }, object>(
  'take_out',
  (p) => sql`
    delete from outbox
    where lane = ${p.lane} and position > ${p.after}::bigint and position <= ${p.through}::bigint`,
);

/**
 * The first position from which a lane can be published again, and its last one; 1 and 0 where it is empty. The message
 * before the first must exist, also as a placeholder (generation 0): the relay finds its position by it.
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
