import { sql } from 'kysely';
import type { Tx } from '../../in-transaction.ts';
import { statement } from '../../statement.ts';
import { type EngagementRowKey } from '../fact-rows.ts';

/** Facts that one statement deletes, at most. */
export const PRUNE_MAX_ROWS = 1_000;

interface BaseParameters extends EngagementRowKey {
  readonly prunedBelow: bigint;
  /** JSON text, at most 8 KB. */
  readonly base: string;
}

/** Notes what is left of pruned facts. A head that ends below is dropped: the facts between it and that place are gone. */
export const saveBase = statement<BaseParameters, object>(
  'save_base',
  (p) => sql`
    insert into engagement_checkpoint (identity_id, source, engagement, pruned_below, base)
    values (${p.identityId}::uuid, ${p.source}::text, ${p.engagement}::text,
      ${p.prunedBelow}::bigint, ${p.base}::text)
    on conflict (identity_id, source, engagement) do update set
      pruned_below = excluded.pruned_below, base = excluded.base,
      through_order = case when engagement_checkpoint.through_order >= excluded.pruned_below
        then engagement_checkpoint.through_order end,
      head = case when engagement_checkpoint.through_order >= excluded.pruned_below
        then engagement_checkpoint.head end,
      referred = case when engagement_checkpoint.through_order >= excluded.pruned_below
        then engagement_checkpoint.referred else '{}' end`,
);

interface PrunedParameters extends EngagementRowKey {
  readonly prunedBelow: bigint;
  readonly retentionDays: number;
}

/** Deletes the facts of an engagement that are below a place and older than the retention, and are not voided. */
export async function deleteFactsBelow(tx: Tx, pruned: PrunedParameters): Promise<number> {
  let total = 0;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- one bounded statement after the other
    const [answer] = await tx.run(deleteOldFacts, pruned);
    const count = answer?.pruned ?? 0;
    total += count;
    if (count < PRUNE_MAX_ROWS) return total;
  }
}

const deleteOldFacts = statement<PrunedParameters, { pruned: number }>(
  'delete_old_facts',
  (p) => sql`
    with old as (
      select event_id from fact
      where identity_id = ${p.identityId}::uuid and source = ${p.source}::text
        and engagement = ${p.engagement}::text and source_order < ${p.prunedBelow}::bigint
        and voided_at is null
        and received_at
          < transaction_timestamp() - make_interval(days => ${p.retentionDays}::integer)
      order by source_order
      limit ${sql.lit(PRUNE_MAX_ROWS)}
    ), gone as (
      delete from fact where event_id = any (array(select event_id from old)) returning 1
    )
    select count(*)::integer as pruned from gone`,
);

/** Less is to be read of an identity by so many bytes; more, where they are below 0. */
export function lowerFactBytes(tx: Tx, lowered: { identityId: string; bytes: number }): void {
  tx.finally(subtractFactBytes, lowered);
}

const subtractFactBytes = statement<{ identityId: string; bytes: number }, object>(
  'subtract_fact_bytes',
  (p) => sql`
    update identity set fact_bytes = greatest(fact_bytes - ${p.bytes}::bigint, 0)
    where identity_id = ${p.identityId}::uuid`,
);
