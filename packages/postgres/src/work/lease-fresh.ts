import { type RawBuilder, sql } from 'kysely';
import { statement } from '../statement.ts';
import { type ReportTopic, readThroughOf } from '../verification/lock-verifications.ts';
import type { LeasedWork, Release, WorkKind } from './due-work-rows.ts';
import { isUntried } from './untried.ts';

/** What one round takes. */
export interface FreshWork extends Release {
  /** Items, at most. */
  readonly limit: number;
  /** Bytes of facts of identities that are read together. */
  readonly maxBytes: number;
  /** By the database's clock, the lease ends so many milliseconds from now. */
  readonly leaseMs: number;
}

/** Leases the items that `due` selects; those that another process has leased meanwhile are left out. */
function lease(
  kind: WorkKind,
  due: RawBuilder<unknown>,
  p: Readonly<FreshWork>,
): RawBuilder<LeasedWork> {
  return sql<LeasedWork>`
    insert into due_work (kind, item_id, due_at, lease_until, tried_policy, tried_build)
    select ${sql.lit(kind)}, item_id, due_at,
      clock_timestamp() + ${p.leaseMs}::double precision * interval '1 ms', ${p.policy}, ${p.build}
    from (${due}) as due
    order by item_id collate "C"
    on conflict (kind, item_id) do nothing
    returning item_id as "itemId", due_at as "dueAtMs", attempt`;
}

/**
 * Leases identities whose next transition is due and that no process tries or has tried, the longest due first, and as many
 * as have `maxBytes` of facts to read together, but one at least. Those that another transaction has locked are left out.
 */
export const leaseFreshIdentities = statement<FreshWork, LeasedWork>(
  'lease_fresh_identities',
  (p) =>
    lease(
      'clock',
      sql`
        with due as materialized (
          select identity_id, next_transition_at, fact_bytes from identity
          where next_transition_at <= statement_timestamp() and parked_at is null
            and ${isUntried('clock', sql`identity.identity_id::text`)}
          order by next_transition_at, identity_id
          limit ${p.limit}
          for no key update skip locked
        ), weighed as (
          select identity_id, next_transition_at,
            sum(fact_bytes) over taken as bytes, row_number() over taken as place
          from due window taken as (order by next_transition_at, identity_id rows unbounded preceding)
        )
        select identity_id::text as item_id, next_transition_at as due_at from weighed
        where place = 1 or bytes <= ${p.maxBytes}::bigint`,
      p,
    ),
);

/**
 * Leases verifications whose deadline has passed in what was read of every partition of their topic, and that no process
 * tries or has tried, the longest due first. Those that another transaction has locked are left out.
 */
export const leaseFreshVerifications = statement<FreshWork & ReportTopic, LeasedWork>(
  'lease_fresh_verifications',
  (p) =>
    lease(
      'sweep',
      sql`
        with inputs as materialized (${readThroughOf(p)}), due as materialized (
          select verification_id, next_deadline_at from verification
          where next_deadline_at < (select read_through_at from inputs)
            and next_deadline_at <= statement_timestamp()
            and ${isUntried('sweep', sql`verification.verification_id`)}
          order by next_deadline_at, verification_id
          limit ${p.limit}
          for no key update of verification skip locked
        )
        select verification_id as item_id, next_deadline_at as due_at from due`,
      p,
    ),
);
