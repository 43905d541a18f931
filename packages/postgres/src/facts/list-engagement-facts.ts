import { sql } from 'kysely';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type RowOf, rowSpec, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import { factColumns, type ReadLimits } from './list-facts.ts';

const PLACE = rowSpec(
  'fact',
  {
    identityId: 'uuid',
    source: 'text',
    engagement: 'text',
    /** Facts after this order, and after this event id at the same order. */
    sourceOrder: 'bigint',
    /** null: all facts with that order too. */
    eventId: 'text?',
  },
  { key: [] },
);

/** From where an engagement is read. */
export type EngagementPlace = RowOf<typeof PLACE>;

/** One page of the facts of several engagements. */
export interface PageParameters extends RowParameters<typeof PLACE>, ReadLimits {}

export function pageOf(places: readonly EngagementPlace[], limits: ReadLimits): PageParameters {
  return { ...encodeRows(PLACE, places), ...limits };
}

/**
 * The facts of these engagements from the given places on: one engagement after the other in the order given, in each by
 * order and event id, without voided ones. Bytes beyond the limit are in the last row only; where rows or bytes reach
 * their limit there may be more after that row. Sizes are read from the headers of stored values: a row that is left out
 * is not fetched.
 */
export const listEngagementFacts = statement<PageParameters, FactRow>(
  'list_engagement_facts',
  (p) => sql`
    select ${factColumns('measured')}
    from (
      select ${factColumns('following')}, ordinal,
        sum(octet_length(data)) over (
          order by ordinal, "sourceOrder", "eventId" rows unbounded preceding
        )::double precision as bytes_through
      from (
        select ${factColumns('found')}, wanted.ordinal
        from (${selectRows(PLACE, p)} order by ordinal) as wanted
        cross join lateral (
          select ${selectColumns(FACT)}
          from fact
          where fact.identity_id = wanted.identity_id and fact.source = wanted.source
            and fact.engagement = wanted.engagement and fact.source_order >= wanted.source_order
            and (fact.source_order > wanted.source_order or wanted.event_id is null
              or fact.event_id > wanted.event_id)
            and fact.voided_at is null
          order by fact.source_order, fact.event_id
          limit ${p.maxRows}::integer
        ) as found
      ) as following
    ) as measured
    where bytes_through - octet_length(data) <= ${p.maxBytes}::double precision
    order by ordinal, "sourceOrder", "eventId"
    limit ${p.maxRows}::integer`,
);
