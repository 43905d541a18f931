import { type RawBuilder, sql } from 'kysely';
import { IDENTITY_ID } from '../identity/identity-rows.ts';
import { type RowParameters, selectRows } from '../row-parameters.ts';
import { selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { FACT, type FactRow, ONE_BY_ONE } from './fact-rows.ts';

/** How much one statement returns, at most: rows, and bytes of their data but for one row. */
export interface ReadLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

export interface KnownFactRow extends FactRow {
  /** A head refers to it for large attributes; else it is above the head of its engagement. */
  readonly referred: boolean;
  /** Of the data of this row and those before it: above `maxBytes` in the last row only, and then there may be more. */
  readonly bytesThrough: number;
}

/** The columns of facts that a subquery has read. */
export function factColumns(from: string): RawBuilder<unknown> {
  return sql.join(FACT.columns.map(({ property }) => sql.ref(`${from}.${property}`)));
}

/** Above every source that a policy can name; no source is a noncharacter. */
const ABOVE_SOURCES = sql`E'\\U0010FFFF'`;

/**
 * What a transaction must read of the engagements of these identities beside their checkpoints: facts above the head, or
 * from where facts were pruned, and facts that a head refers to; in no order. Voided facts are left out.
 *
 * The index has the facts of an identity by source, engagement and order. Each checkpoint is a cut there: what lies
 * between the cuts is read. So an engagement without checkpoint is never missed, and facts in a head are not touched.
 */
export const listKnownFacts = statement<
  RowParameters<typeof IDENTITY_ID> & ReadLimits,
  KnownFactRow
>(
  'list_known_facts',
  (p) => sql`
    with wanted as materialized (${selectRows(IDENTITY_ID, p)}),
    counted as (
      select ${factColumns('found')}, referred,
        sum(octet_length(data)) over (rows unbounded preceding)::double precision as "bytesThrough"
      from (
        select ${selectColumns(FACT)}, false as referred
        from wanted
        cross join lateral (
          select '' as source, '' as engagement, -9223372036854775808 as through
          union all
          select source, engagement,
            coalesce(through_order, pruned_below - 1, -9223372036854775808)
          from engagement_checkpoint
          where engagement_checkpoint.identity_id = wanted.identity_id
        ) as cut
        left join lateral (
          select source, engagement
          from engagement_checkpoint
          where engagement_checkpoint.identity_id = wanted.identity_id
            and (engagement_checkpoint.source, engagement_checkpoint.engagement)
              > (cut.source, cut.engagement)
          order by source, engagement
          limit 1
        ) as next on true
        join fact on fact.identity_id = wanted.identity_id
          and (fact.source, fact.engagement, fact.source_order)
            > (cut.source, cut.engagement, cut.through)
          and (fact.source, fact.engagement)
            < (coalesce(next.source, ${ABOVE_SOURCES}), coalesce(next.engagement, ''))
        where fact.engagement is not null and fact.voided_at is null
        union all
        select ${selectColumns(FACT)}, true
        from wanted
        cross join lateral (
          select referred from engagement_checkpoint
          where engagement_checkpoint.identity_id = wanted.identity_id
          ${ONE_BY_ONE}
        ) as known
        cross join lateral unnest(known.referred) as named (event_id)
        join fact on fact.event_id = named.event_id
        where fact.voided_at is null
      ) as found
    )
    select ${factColumns('counted')}, referred, "bytesThrough" from counted
    where "bytesThrough" - octet_length(data) <= ${p.maxBytes}::double precision
    limit ${p.maxRows}::integer`,
);
