import { type RawBuilder, sql } from 'kysely';
import { findingId } from '../progress/progress.ts';
import { statement } from '../statement.ts';

export interface ProgressStatus {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint;
  readonly nextOffset: bigint;
  readonly received: bigint;
  readonly applied: bigint;
  readonly duplicate: bigint;
  readonly stale: bigint;
  readonly conflict: bigint;
  readonly deadLetter: bigint;
  readonly stoppedCode: string | null;
  readonly stoppedDetail: string | null;
  /** What `progress accept` must name. */
  readonly findingId: string | null;
  readonly updatedAtMs: number;
}

/** Every input partition that was ever read. */
export const listProgress = statement<object, ProgressStatus>(
  'list_progress',
  () => sql`
    select topic, partition, first_offset as "firstOffset", next_offset as "nextOffset", received,
      applied, duplicate, stale, conflict, dead_letter as "deadLetter",
      stopped_code as "stoppedCode", stopped_detail as "stoppedDetail", ${findingId} as "findingId",
      updated_at as "updatedAtMs"
    from intake_progress order by topic, partition`,
);

export interface OutputStatus {
  readonly topic: string;
  readonly lanes: number;
  /** Messages that are not published yet, as far as `relay_position` knows. */
  readonly unpublished: bigint;
  readonly parkedLanes: number;
  readonly refusedCode: string | null;
  readonly refusedDetail: string | null;
}

/** Every output topic with what waits in its lanes. */
export const listOutputs = statement<object, OutputStatus>(
  'list_outputs',
  () => sql`
    select lane.topic, count(*)::integer as lanes,
      sum(greatest(coalesce(head.position, 0) - coalesce(done.published_through, 0), 0))::bigint
        as unpublished,
      count(done.parked_code)::integer as "parkedLanes",
      refused.refused_code as "refusedCode", refused.refused_detail as "refusedDetail"
    from outbox_lane as lane
    left join relay_position as done on done.lane = lane.lane
    left join relay_topic as refused on refused.topic = lane.topic
    left join lateral (
      select max(position) as position from outbox where outbox.lane = lane.lane
    ) as head on true
    group by lane.topic, refused.refused_code, refused.refused_detail
    order by lane.topic`,
);

/** Counting of one kind stops here: the figure means this many or more. */
export const COUNTED_AT_MOST = 10_000;

/** One row a kind of what is open: the kinds by leaps through the index, however many there are of each. */
function openBy(table: 'dead_letter' | 'review', kind: 'code' | 'kind'): RawBuilder<unknown> {
  const from = sql`from ${sql.table(table)} where state = 'open'`;
  const column = sql.ref(kind);
  return sql`
    with recursive each (code) as (
      select min(${column}) ${from}
      union all
      select (select min(${column}) ${from} and ${column} > each.code) from each
      where each.code is not null
    )
    select code, (
      select count(*) from (
        select ${from} and ${column} = each.code limit ${sql.lit(COUNTED_AT_MOST)}) as waiting
    ) as count
    from each where code is not null`;
}

/** How many dead letters wait, by code, and how many conflicts and reviews there are; see `COUNTED_AT_MOST`. */
export const countOpen = statement<object, { what: string; code: string; count: bigint }>(
  'count_open',
  () => sql`
    select 'dead letter' as what, code, count from (${openBy('dead_letter', 'code')}) as letter
    union all select 'conflict', '', count(*) from (
      select from conflict limit ${sql.lit(COUNTED_AT_MOST)}) as known
    union all select 'review', code, count from (${openBy('review', 'kind')}) as review
    order by 1, 2`,
);

/** Dead letters that wait, by code; see `COUNTED_AT_MOST`. */
export const countDeadLetters = statement<object, { code: string; count: bigint }>(
  'count_dead_letters',
  () => sql`select code, count from (${openBy('dead_letter', 'code')}) as letter order by code`,
);

export interface ReviewCount {
  readonly kind: string;
  /** Both as far as `COUNTED_AT_MOST` of the kind. */
  readonly open: number;
  readonly overdue: number;
}

/** Open reviews, by kind; see `COUNTED_AT_MOST`. */
export const countReviews = statement<object, ReviewCount>(
  'count_reviews',
  () => sql`
    with recursive each (kind) as (
      select min(kind) from review where state = 'open'
      union all
      select (select min(kind) from review where state = 'open' and kind > each.kind) from each
      where each.kind is not null
    )
    select each.kind, count(*)::integer as open,
      count(*) filter (where waiting.due_at < clock_timestamp())::integer as overdue
    from each, lateral (
      select due_at from review where state = 'open' and kind = each.kind
      limit ${sql.lit(COUNTED_AT_MOST)}
    ) as waiting
    group by each.kind order by each.kind`,
);

export interface HousekeepingStatus {
  /** What the broker stamped before this may have been forgotten; null as long as nothing was. */
  readonly inboxRetainedSinceAtMs: number | null;
  /** From when on audit entries have no month of their own. */
  readonly auditPartitionsEndAtMs: number;
  /** The database's clock. */
  readonly nowAtMs: number;
}

/** How far back the inbox remembers, and how far ahead the audit trail has its months. */
export const readHousekeeping = statement<object, HousekeepingStatus>(
  'read_housekeeping',
  () => sql`
    select retained_since as "inboxRetainedSinceAtMs",
      audit_partitions_end() as "auditPartitionsEndAtMs", clock_timestamp() as "nowAtMs"
    from inbox_retention`,
);
