import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** Claims that one statement forgets, at most. */
export const FORGET_MAX_ROWS = 1_000;

interface ForgetParameters {
  readonly retentionDays: number;
  /** How far the clocks of brokers and database may differ. */
  readonly marginSeconds: number;
  /** Milliseconds since 1970: of the last claim that this pass forgot; 0 at its begin. */
  readonly afterMs: number;
}

export interface Forgotten {
  readonly forgotten: number;
  /** Of the last one. Milliseconds since 1970; null where none was forgotten. */
  readonly lastMs: number | null;
}

/**
 * Deletes the oldest claims that are older than the retention, and moves `retained_since` after them in the same
 * statement. Deletes nothing while another session does. A claim that another transaction has locked stays: it is being
 * redriven.
 *
 * An array, since a join is planned as a scan of the whole inbox: 11 ms for 1,000 of 200,000, not 60.
 */
export const forgetClaims = statement<ForgetParameters, Forgotten>(
  'forget_claims',
  (p) => sql`
    with turn as (
      select from inbox_retention for update skip locked
    ), old as (
      select event_id from inbox
      where received_at >= to_timestamp(${p.afterMs}::double precision / 1000)
        and received_at < statement_timestamp() - make_interval(days => ${p.retentionDays}::integer)
        and exists (select from turn)
      order by received_at limit ${sql.lit(FORGET_MAX_ROWS)}
      for update skip locked
    ), gone as (
      delete from inbox where event_id = any (array(select event_id from old)) returning received_at
    ), moved as (
      update inbox_retention set retained_since = greatest(retained_since,
        last.received_at + make_interval(secs => ${p.marginSeconds}::integer))
      from (select max(received_at) as received_at from gone) as last
      where last.received_at is not null
    )
    select count(*)::integer as forgotten, max(received_at) as "lastMs" from gone`,
);

/**
 * How far back the inbox remembers, in milliseconds since 1970; null as long as nothing was forgotten.
 * Read after claiming it is valid for these claims: nothing that they rely on was forgotten since.
 */
export const readRetainedSince = statement<object, { retainedSinceMs: number | null }>(
  'read_retained_since',
  () => sql`select retained_since as "retainedSinceMs" from inbox_retention`,
);
