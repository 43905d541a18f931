import { sql } from 'kysely';
import { NO_OLDER_VERSION } from '../../policies/policies.ts';
import { statement } from '../../statement.ts';
import type { EngagementRowKey } from '../fact-rows.ts';

/** Facts of one engagement that came too late and that `listPrunable` looks at, at most. */
const LOOK_MAX_ROWS = 200;

/** Begins before every engagement. */
export const FIRST_ENGAGEMENT: EngagementRowKey = {
  identityId: '00000000-0000-0000-0000-000000000000',
  source: '',
  engagement: '',
};

export interface PrunableRow extends EngagementRowKey {
  /** Something may be pruned. False: nothing can be. */
  readonly isPrunable: boolean;
}

interface PrunableParameters extends EngagementRowKey {
  readonly retentionDays: number;
  readonly maxRows: number;
  /** Facts of one engagement that one transaction reads, at most. */
  readonly readMaxRows: number;
}

/**
 * Engagements after one of them, in the order of their keys, and whether an old full statement may have replaced older
 * facts: descents of an index for each, to its lowest fact and to its lowest full statement. Only where both are older
 * than the retention, those below the full statement are looked at: all are that old, and one transaction reads them and
 * one fact above. None while an older version is at work that would read pruned records wrongly.
 */
export const listPrunable = statement<PrunableParameters, PrunableRow>(
  'list_prunable',
  (p) => sql`
    with recursive known (identity_id, source, engagement, place) as (
      select ${p.identityId}::uuid, ${p.source}::text collate "C", ${p.engagement}::text collate "C", 0
      where ${NO_OLDER_VERSION}
      union all
      select next.identity_id, next.source, next.engagement, known.place + 1
      from known
      cross join lateral (
        select fact.identity_id, fact.source, fact.engagement
        from fact
        where (fact.identity_id, fact.source, fact.engagement)
            > (known.identity_id, known.source, known.engagement)
          and fact.engagement is not null
        order by fact.identity_id, fact.source, fact.engagement
        limit 1
      ) as next
      where known.place < ${p.maxRows}::integer
    ), clock as materialized (
      select statement_timestamp() - make_interval(days => ${p.retentionDays}::integer) as kept_since
    )
    select known.identity_id as "identityId", known.source, known.engagement,
      -- That came too late, and are old by now.
      exists (
        select from (
          select received_at from fact
          where fact.identity_id = known.identity_id and fact.source = known.source
            and fact.engagement = known.engagement
            and fact.source_order < checkpoint.pruned_below and voided_at is null
          order by source_order limit ${sql.lit(LOOK_MAX_ROWS)}
        ) as late
        where received_at < clock.kept_since
      ) or coalesce(lowest.is_old and full_statement.is_old, false) and (
        select bool_and(received_at < clock.kept_since) and count(*) <= ${p.readMaxRows}::integer - 2
        from (
          select received_at from fact
          where fact.identity_id = known.identity_id and fact.source = known.source
            and fact.engagement = known.engagement and source_order >= lowest.source_order
            and source_order < full_statement.source_order and voided_at is null
          order by source_order limit ${p.readMaxRows}::integer - 1
        ) as below
      ) as "isPrunable"
    from known
    cross join clock
    left join lateral (
      select pruned_below from engagement_checkpoint
      where engagement_checkpoint.identity_id = known.identity_id
        and engagement_checkpoint.source = known.source
        and engagement_checkpoint.engagement = known.engagement
      limit 1
    ) as checkpoint on true
    left join lateral (
      select source_order, received_at < clock.kept_since as is_old
      from fact
      where fact.identity_id = known.identity_id and fact.source = known.source
        and fact.engagement = known.engagement
        and source_order >= coalesce(checkpoint.pruned_below, -9223372036854775808)
        and voided_at is null
      order by source_order limit 1
    ) as lowest on true
    left join lateral (
      select source_order, received_at < clock.kept_since as is_old
      from fact
      where fact.identity_id = known.identity_id and fact.source = known.source
        and fact.engagement = known.engagement and source_order > lowest.source_order
        and kind = 'stated' and voided_at is null
      order by source_order limit 1
    ) as full_statement on true
    where place > 0
    order by place`,
);
