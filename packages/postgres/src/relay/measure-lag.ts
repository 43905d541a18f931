import { sql } from 'kysely';
import { statement } from '../statement.ts';

export interface LagRow {
  readonly topic: string;
  /** Messages after `published_through`, over all lanes of the topic. */
  readonly unpublished: bigint;
  /** Age of the oldest of them, in seconds; 0 where there is none. */
  readonly oldestSeconds: number;
}

/** Two index descents a lane, however much waits. */
export const measureLag = statement<object, LagRow>(
  'measure_lag',
  () => sql`
    select outbox_lane.topic,
      sum(greatest(coalesce(head.position, 0) - coalesce(relay_position.published_through, 0), 0))
        ::bigint as unpublished,
      coalesce(max(extract(epoch from clock_timestamp() - oldest.appended_at)), 0)
        ::double precision as "oldestSeconds"
    from outbox_lane
    left join relay_position on relay_position.lane = outbox_lane.lane
    left join lateral (
      select position from outbox where outbox.lane = outbox_lane.lane
      order by position desc limit 1
    ) as head on true
    left join lateral (
      select appended_at from outbox
      where outbox.lane = outbox_lane.lane
        and outbox.position > coalesce(relay_position.published_through, 0)
      order by position limit 1
    ) as oldest on true
    group by outbox_lane.topic`,
);
