import { sql } from 'kysely';
import { statement } from '../statement.ts';

interface CleanParameters {
  readonly lane: number;
  readonly retentionHours: number;
  /** The range of positions that one statement looks at. */
  readonly maxRows: number;
}

/**
 * Deletes the oldest rows of a lane that were published and are older than the retention. The last
 * published row always stays: the relay starts at it, and must find it.
 */
export const cleanOutbox = statement<CleanParameters, { readonly deleted: number }>(
  'clean_outbox',
  (p) => sql`
    with gone as (
      delete from outbox
      using relay_position,
        (select min(position) as position from outbox where lane = ${p.lane}) as lowest
      where relay_position.lane = ${p.lane} and outbox.lane = ${p.lane}
        and outbox.position >= lowest.position
        and outbox.position
          < least(lowest.position + ${p.maxRows}::integer, relay_position.published_through)
        and outbox.appended_at
          < clock_timestamp() - make_interval(hours => ${p.retentionHours}::integer)
      returning 1
    )
    select count(*)::integer as deleted from gone`,
);
