import { sql } from 'kysely';
import { statement } from '../statement.ts';

export interface LaneRow {
  readonly lane: number;
  readonly topic: string;
  readonly partition: number;
}

/** All lanes of all output topics; a handful of rows. */
export const listLanes = statement<object, LaneRow>(
  'list_lanes',
  () => sql`select lane, topic, partition from outbox_lane order by topic, partition`,
);

/**
 * Makes the lanes of a topic that has none yet, one a partition. A topic that has lanes keeps them:
 * the caller compares their number with what it expects.
 */
export const ensureLanes = statement<{ topic: string; partitions: number }, object>(
  'ensure_lanes',
  (p) => sql`
    insert into outbox_lane (topic, partition)
    select ${p.topic}, n from generate_series(0, ${p.partitions}::integer - 1) as n
    where not exists (select from outbox_lane where topic = ${p.topic})
    order by n
    on conflict (topic, partition) do nothing`,
);

/** Afterwards a topic has a lane for each of so many partitions; those that it had are kept. */
export const addLanes = statement<{ topic: string; partitions: number }, object>(
  'add_lanes',
  (p) => sql`
    insert into outbox_lane (topic, partition)
    select ${p.topic}, n from generate_series(0, ${p.partitions}::integer - 1) as n
    order by n
    on conflict (topic, partition) do nothing`,
);
