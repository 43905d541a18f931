import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { listColumns, type NewRowOf, pickColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { WORK, WORK_KEY, type WorkKind } from './due-work-rows.ts';

const FAILED = pickColumns(WORK, [
  'kind',
  'itemId',
  'dueAtMs',
  'attempt',
  'retryAtMs',
  'policy',
  'build',
  'cause',
]);

/** An item that could not be decided. */
export interface FailedWork extends NewRowOf<typeof FAILED> {
  readonly kind: WorkKind;
  /** From when on it is tried again. */
  readonly retryAtMs: number;
  /** Without values and personal data; not empty. */
  readonly cause: string;
}

/**
 * Hands over items that could not be decided: they are tried again from `retryAtMs` on, and at once under a policy or a build
 * under which they have not failed yet. An item that was handed over before keeps its due time and the larger number of tries.
 *
 * @param items - each once
 */
export function saveFailedWork(tx: Tx, items: readonly FailedWork[]): void {
  if (items.length === 0) return;
  tx.finally(upsertFailedWork, encodeRows(FAILED, items));
}

/** How many policies and builds are remembered under which an item failed. */
const RELEASES_MAX = 8;

const upsertFailedWork = statement<RowParameters<typeof FAILED>, object>(
  'upsert_failed_work',
  (p) => sql`
    insert into due_work (${listColumns(FAILED)}, failed_under)
    select ${listColumns(FAILED)}, array[concat(tried_policy, ' ', tried_build)]
    from (${selectRows(FAILED, p)}) as failed order by kind, item_id collate "C"
    on conflict (kind, item_id) do update set
      lease_until = null, tried_at = clock_timestamp(),
      due_at = least(due_work.due_at, excluded.due_at),
      attempt = greatest(due_work.attempt, excluded.attempt), retry_at = excluded.retry_at,
      tried_policy = excluded.tried_policy, tried_build = excluded.tried_build,
      cause = excluded.cause,
      failed_under = (excluded.failed_under
        || array_remove(due_work.failed_under, excluded.failed_under[1])
      )[:${sql.lit(RELEASES_MAX)}]`,
);

/** Ends the due work of items that this transaction has locked and decided. */
export function deleteDueWork(tx: Tx, kind: WorkKind, itemIds: readonly string[]): void {
  if (itemIds.length === 0) return;
  const rows = itemIds.toSorted().map((itemId) => ({ kind, itemId }));
  tx.finally(deleteWork, { ...encodeRows(WORK_KEY, rows), kind });
}

const deleteWork = statement<
  { kind: string; itemId: RowParameters<typeof WORK_KEY>['itemId'] },
  object
>(
  'delete_due_work',
  (p) => sql`
    delete from due_work
    where kind = ${p.kind} and item_id = any (string_to_array(${p.itemId}, E'\\x1f'))`,
);

/**
 * Gives back an item whose try ended without a result: one that was never tried before is taken like any other again, and
 * the others come again at once. Nothing changes where another process has leased it since.
 */
export const giveBackWork = statement<
  { readonly kind: string; readonly itemIds: readonly string[]; readonly attempt: number },
  object
>(
  'give_back_work',
  (p) => sql`
    with given as (
      select kind, item_id from due_work
      where kind = ${p.kind} and item_id = any (${p.itemIds}::text[])
        and attempt = ${p.attempt} and lease_until is not null
      order by item_id for update
    ), fresh as (
      delete from due_work using given
      where due_work.kind = given.kind and due_work.item_id = given.item_id
        and due_work.retry_at is null and due_work.attempt = 1
    )
    update due_work set lease_until = null, attempt = greatest(attempt - 1, 1),
      retry_at = clock_timestamp()
    from given
    where due_work.kind = given.kind and due_work.item_id = given.item_id
      and (due_work.retry_at is not null or due_work.attempt > 1)`,
);
