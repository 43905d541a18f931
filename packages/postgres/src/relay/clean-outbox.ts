import { sql } from 'kysely';
import { statement } from '../statement.ts';

interface CleanParameters {
  readonly lane: number;
  readonly retentionHours: number;
  /** The range of positions that one statement reads. */
  readonly maxRows: number;
}

/**
 * Deletes the oldest rows of a lane that were published and are older than the retention. The last
 * published row always stays: the relay starts at it, and must find it. A lane whose messages are
 * being moved is skipped. The position of the lane is locked meanwhile, so that no command places it on a row that is being
 * deleted. The bounds are computed before the first row is read, so that no row outside them is read.
 */
export const cleanOutbox = statement<CleanParameters, { readonly deleted: number }>(
  'clean_outbox',
  (p) => sql`
    with bound as materialized (
      select lowest.position as lowest,
        least(lowest.position + ${p.maxRows}::integer, published_through) as beyond
      from relay_position,
        (select min(position) as position from outbox where lane = ${p.lane}) as lowest
      where lane = ${p.lane} and mending_after is null
      for share of relay_position
    ), gone as (
      delete from outbox
      where lane = ${p.lane}
        and position >= (select lowest from bound) and position < (select beyond from bound)
        and appended_at
          < clock_timestamp() - make_interval(hours => ${p.retentionHours}::integer)
      returning 1
    )
    select count(*)::integer as deleted from gone`,
);
