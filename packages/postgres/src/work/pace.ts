import { sql } from 'kysely';
import { statement } from '../statement.ts';
import type { Release } from './due-work-rows.ts';

/** Of which kind, and under which policy and build. */
export interface PaceKey extends Release {
  readonly kind: string;
}

/** Different items that failed one after the other. */
export interface PaceRow {
  /** Three at most. */
  readonly failed: readonly string[];
  /** While three have failed: the next try of any item, in milliseconds since 1970. */
  readonly nextTryAtMs: number | null;
}

/** The pace of a kind, locked by this transaction. None where the last try succeeded. */
export const lockPace = statement<PaceKey, PaceRow & { readonly nowMs: number }>(
  'lock_pace',
  (p) => sql`
    select failed, next_try_at as "nextTryAtMs", clock_timestamp() as "nowMs" from due_work_pace
    where kind = ${p.kind} and policy = ${p.policy} and build = ${p.build}
    for update`,
);

/** Saves a pace. */
export const savePace = statement<PaceKey & PaceRow, object>(
  'save_pace',
  (p) => sql`
    insert into due_work_pace (kind, policy, build, failed, next_try_at)
    values (${p.kind}, ${p.policy}, ${p.build}, ${p.failed}::text[],
      to_timestamp(${p.nextTryAtMs}::double precision / 1000))
    on conflict (kind, policy, build) do update set failed = excluded.failed,
      next_try_at = excluded.next_try_at, changed_at = excluded.changed_at`,
);

/** An item of the kind was decided under this policy and build: none has failed since. */
export const resetPace = statement<PaceKey, object>(
  'reset_pace',
  (p) => sql`
    delete from due_work_pace
    where kind = ${p.kind} and policy = ${p.policy} and build = ${p.build}`,
);
