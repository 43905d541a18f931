import { sql } from 'kysely';
import { statement } from '../statement.ts';
import type { LeasedWork, Release } from './due-work-rows.ts';

/** An item that was tried before, locked by this transaction. */
export interface TriedWork extends LeasedWork {
  /** "policy build" of the last under which it failed. */
  readonly failedUnder: readonly string[];
  /** The database's clock. */
  readonly nowMs: number;
}

/**
 * Locks one item that was tried before and whose turn it is: one that has not failed under this policy and build yet, else
 * the one whose time for another try, or whose lease, has run out the longest ago: by the time of the statement, which an index is
 * searched for. Items that another transaction has locked are left out.
 */
export const lockTriedWork = statement<Release & { readonly kind: string }, TriedWork>(
  'lock_tried_work',
  (p) => sql`
    with before as materialized (
      select item_id, due_at, attempt, failed_under from due_work
      where kind = ${p.kind} and (lease_until is null or lease_until <= clock_timestamp())
        and (tried_policy, tried_build) < (${p.policy}::text, ${p.build}::text)
        and not concat(${p.policy}::text, ' ', ${p.build}::text) = any (failed_under)
      order by tried_policy, tried_build, item_id limit 1
      for update skip locked
    ), after as materialized (
      select item_id, due_at, attempt, failed_under from due_work
      where kind = ${p.kind} and (lease_until is null or lease_until <= clock_timestamp())
        and not exists (select from before)
        and (tried_policy, tried_build) > (${p.policy}::text, ${p.build}::text)
        and not concat(${p.policy}::text, ' ', ${p.build}::text) = any (failed_under)
      order by tried_policy, tried_build, item_id limit 1
      for update skip locked
    ), returned as materialized (
      select item_id, due_at, attempt, failed_under from due_work
      where kind = ${p.kind} and greatest(lease_until, retry_at) <= statement_timestamp()
        and not exists (select from before) and not exists (select from after)
      order by greatest(lease_until, retry_at), item_id limit 1
      for update skip locked
    )
    select item_id as "itemId", due_at as "dueAtMs", attempt,
      failed_under as "failedUnder", clock_timestamp() as "nowMs"
    from (
      select * from before union all select * from after union all select * from returned
    ) as tried`,
);

/**
 * Leases an item that this transaction has locked for its next try. Where the process dies, the item comes again at
 * `retryAtMs`, and under another policy or build as soon as the lease has run out.
 */
export const leaseTriedWork = statement<
  Release & {
    readonly kind: string;
    readonly itemId: string;
    readonly leaseUntilMs: number;
    readonly retryAtMs: number;
  },
  object
>(
  'lease_tried_work',
  (p) => sql`
    update due_work set attempt = attempt + 1, tried_at = clock_timestamp(),
      lease_until = to_timestamp(${p.leaseUntilMs}::double precision / 1000),
      retry_at = to_timestamp(${p.retryAtMs}::double precision / 1000),
      tried_policy = ${p.policy}, tried_build = ${p.build}
    where kind = ${p.kind} and item_id = ${p.itemId}`,
);

/** The number of tries that have begun of an item, locked by this transaction; none where it was decided meanwhile. */
export const lockWork = statement<
  { readonly kind: string; readonly itemId: string },
  { attempt: number }
>(
  'lock_work',
  (p) => sql`
    select attempt from due_work where kind = ${p.kind} and item_id = ${p.itemId} for update`,
);
