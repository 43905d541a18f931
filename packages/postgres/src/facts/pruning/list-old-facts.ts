import { sql } from 'kysely';
import { selectColumns } from '../../row-spec.ts';
import { statement } from '../../statement.ts';
import { type EngagementRowKey, FACT, type FactRow } from '../fact-rows.ts';
import { factColumns, type ReadLimits } from '../list-facts.ts';

interface OldFactsParameters extends EngagementRowKey, ReadLimits {
  /** Facts after this order, and after this event id at the same order. */
  readonly sourceOrder: bigint;
  /** Empty: all facts with that order too. */
  readonly eventId: string;
  readonly retentionDays: number;
}

export interface OldFactRow extends FactRow {
  /** Received before the retention, by the clock at the start of the transaction. */
  readonly isOld: boolean;
}

/**
 * One page of the facts of an engagement, by order and event id, without voided ones. Bytes beyond the limit are in the
 * last row only; where rows or bytes reach their limit there may be more.
 */
export const listOldFacts = statement<OldFactsParameters, OldFactRow>(
  'list_old_facts',
  (p) => sql`
    select ${factColumns('measured')}, "isOld"
    from (
      select ${factColumns('found')}, "isOld",
        sum(octet_length(data)) over (
          order by "sourceOrder", "eventId" rows unbounded preceding
        )::double precision as bytes_through
      from (
        select ${selectColumns(FACT)}, received_at
          < transaction_timestamp() - make_interval(days => ${p.retentionDays}::integer) as "isOld"
        from fact
        where identity_id = ${p.identityId}::uuid and source = ${p.source}::text
          and engagement = ${p.engagement}::text and source_order >= ${p.sourceOrder}::bigint
          and (source_order > ${p.sourceOrder}::bigint or event_id > ${p.eventId}::text)
          and voided_at is null
        order by source_order, event_id
        limit ${p.maxRows}::integer
      ) as found
    ) as measured
    where bytes_through - octet_length(data) <= ${p.maxBytes}::double precision
    order by "sourceOrder", "eventId"`,
);
