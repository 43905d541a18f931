import { sql } from 'kysely';
import { statement } from '../statement.ts';
import type { WorkKind } from './due-work-rows.ts';

/** Which items are tried again. */
export interface RetriedWork {
  readonly kind: WorkKind;
  /** null: all of the kind. */
  readonly itemIds: readonly string[] | null;
  /** After which id; empty: from the start. */
  readonly after: string;
  /** Rows, at most. */
  readonly limit: number;
}

/**
 * Makes items that failed come again now, at most `limit` of them in the order of their ids. Items that a process tries at this moment are left
 * out.
 */
export const retryDueWork = statement<RetriedWork, { kind: string; itemId: string }>(
  'retry_due_work',
  (p) => sql`
    with chosen as (
      select kind, item_id from due_work
      where kind = ${p.kind}
        and (${p.itemIds}::text[] is null or item_id = any (${p.itemIds}::text[]))
        and item_id > ${p.after}
        and (lease_until is null or lease_until <= clock_timestamp())
      order by item_id limit ${p.limit}
      for update
    )
    update due_work set retry_at = clock_timestamp() from chosen
    where due_work.kind = chosen.kind and due_work.item_id = chosen.item_id
    returning due_work.kind, due_work.item_id as "itemId"`,
);

/** The next items of a kind are tried at full speed. */
export const resetPaces = statement<{ readonly kind: WorkKind }, object>(
  'reset_paces',
  (p) => sql`
    delete from due_work_pace where kind = ${p.kind}`,
);

/** Deletes paces of policies and builds under which nothing was tried for a day; at most 100. */
export const forgetPaces = statement<object, object>(
  'forget_paces',
  () => sql`
    delete from due_work_pace where (kind, policy, build) in (
      select kind, policy, build from due_work_pace
      where changed_at < clock_timestamp() - interval '1 day'
      order by kind, policy, build limit 100 for update skip locked)`,
);
