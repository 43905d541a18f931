import { type RawBuilder, sql } from 'kysely';
import { COUNTED_AT_MOST } from '../operator/status.ts';
import { type RowOf, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { WORK, type WorkKind } from './due-work-rows.ts';
import { isUntried } from './untried.ts';

/** An item that is tried, or that comes again. */
export type WorkSummary = RowOf<typeof WORK>;

/** Due work of these kinds that has been tried, kind by kind, the longest due first. */
export const listDueWork = statement<
  { readonly kinds: readonly WorkKind[]; readonly limit: number },
  WorkSummary
>(
  'list_due_work',
  (p) => sql`
    select tried.* from unnest(${p.kinds}::text[]) with ordinality as wanted (kind, place), lateral (
      select ${selectColumns(WORK)} from due_work where kind = wanted.kind
      order by due_at, item_id limit ${p.limit}
    ) as tried
    order by wanted.place, tried."dueAtMs", tried."itemId" limit ${p.limit}`,
);

/** How many items of a kind wait. */
export interface WorkCount {
  readonly kind: string;
  /** Due and not decided, tried before or not; see `COUNTED_AT_MOST`, which counts for each of the two. */
  readonly due: number;
  /** Those that failed, or whose process died. */
  readonly failing: number;
  /** For how long the oldest of them has been due. */
  readonly oldestOverdueSeconds: number;
  /** So many different items failed in a row that one a minute is tried, under some policy and build of the last hour. */
  readonly isSlowed: boolean;
}

/** Items without a row of due work, and rows with one. */
function waiting(kind: 'clock' | 'sweep', fresh: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select ${sql.lit(kind)} as kind, 0 as failing, due_at from (
      ${fresh} limit ${sql.lit(COUNTED_AT_MOST)}) as fresh
    union all
    select kind, (cause is not null or attempt > 1)::integer, due_at from (
      select kind, cause, attempt, due_at from due_work where kind = ${sql.lit(kind)}
      order by due_at, item_id limit ${sql.lit(COUNTED_AT_MOST)}) as tried`;
}

/** Due work of every kind, also of one that has none. */
export const countDueWork = statement<object, WorkCount>(
  'count_due_work',
  () => sql`
    with waiting as (
      ${waiting(
        'clock',
        sql`
          select next_transition_at as due_at from identity
          where next_transition_at <= statement_timestamp() and parked_at is null
            and ${isUntried('clock', sql`identity.identity_id::text`)}
          order by next_transition_at`,
      )}
      union all
      ${waiting(
        'sweep',
        sql`
          select next_deadline_at as due_at from verification
          where next_deadline_at <= statement_timestamp()
            and ${isUntried('sweep', sql`verification.verification_id`)}
          order by next_deadline_at`,
      )}
    )
    select kinds.kind, count(due_at)::integer as due,
      coalesce(sum(failing), 0)::integer as failing,
      coalesce(extract(epoch from statement_timestamp() - min(due_at)), 0)::double precision
        as "oldestOverdueSeconds",
      coalesce((
        select true from due_work_pace where due_work_pace.kind = kinds.kind
          and next_try_at is not null and changed_at > statement_timestamp() - interval '1 hour'
        limit 1
      ), false) as "isSlowed"
    from (values ('clock'), ('sweep')) as kinds (kind)
    left join waiting on waiting.kind = kinds.kind
    group by kinds.kind order by kinds.kind`,
);
