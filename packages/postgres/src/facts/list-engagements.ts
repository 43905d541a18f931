import { sql } from 'kysely';
import { statement } from '../statement.ts';
import type { EngagementRowKey } from './fact-rows.ts';

/**
 * The engagements of an identity about which there are facts, after one of them in the order of source and engagement: one
 * descent of the index each, however many facts there are.
 */
export const listFactEngagements = statement<
  { identityId: string; source: string; engagement: string; maxRows: number },
  EngagementRowKey
>(
  'list_fact_engagements',
  (p) => sql`
    with recursive known (source, engagement, place) as (
      select ${p.source}::text collate "C", ${p.engagement}::text collate "C", 0
      union all
      select next.source, next.engagement, known.place + 1
      from known
      cross join lateral (
        select fact.source, fact.engagement
        from fact
        where fact.identity_id = ${p.identityId}::uuid
          and (fact.source, fact.engagement) > (known.source, known.engagement)
          and fact.engagement is not null
        order by fact.source, fact.engagement
        limit 1
      ) as next
      where known.place < ${p.maxRows}::integer
    )
    select ${p.identityId}::uuid as "identityId", source, engagement
    from known where place > 0
    order by place`,
);
