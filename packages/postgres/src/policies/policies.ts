import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** A policy counts as used for this long after a reconciler has last recorded it. */
const AT_WORK_SECONDS = 30;
const KEPT_MINUTES = 5;
const LISTED_MAX_ROWS = 100;

/**
 * Records that a reconciler decides with this policy now, by the database's clock. Deletes policies that no reconciler has
 * recorded for five minutes.
 */
export const notePolicy = statement<{ policyHash: string }, object>(
  'note_policy',
  (p) => sql`
    with old as (
      select policy_hash from policy_at_work
      where seen_at < clock_timestamp() - make_interval(mins => ${sql.lit(KEPT_MINUTES)})
        and policy_hash <> ${p.policyHash}
      for update skip locked
    ), forgotten as (
      delete from policy_at_work where policy_hash in (select policy_hash from old)
    )
    insert into policy_at_work as known (policy_hash, seen_at, seen_by_pruning_at)
    values (${p.policyHash}, clock_timestamp(), clock_timestamp())
    on conflict (policy_hash) do update set seen_at = greatest(known.seen_at, excluded.seen_at),
      seen_by_pruning_at = excluded.seen_by_pruning_at`,
);

/** True while no reconciler has noted its policy in the last minutes that cannot read a record with pruned facts. */
export const NO_OLDER_VERSION = sql`not exists (
  select from policy_at_work
  where seen_by_older_at > clock_timestamp() - make_interval(mins => ${sql.lit(KEPT_MINUTES)}))`;

export interface PolicyAtWork {
  readonly policyHash: string;
  /** Milliseconds since 1970, by the database's clock. */
  readonly seenAtMs: number;
  /** False where it was last seen more than 30 s ago: its last reconciler has ended. */
  readonly isAtWork: boolean;
}

/** Policies of the last minutes, the one that was seen last first; at most 100. */
export const listPolicies = statement<object, PolicyAtWork>(
  'list_policies',
  () => sql`
    select policy_hash as "policyHash", seen_at as "seenAtMs",
      seen_at > clock_timestamp() - make_interval(secs => ${sql.lit(AT_WORK_SECONDS)}) as "isAtWork"
    from policy_at_work
    where seen_at > clock_timestamp() - make_interval(mins => ${sql.lit(KEPT_MINUTES)})
    order by seen_at desc, policy_hash limit ${sql.lit(LISTED_MAX_ROWS)}`,
);
