import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { pickColumns, type RowOf, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { updateRows } from '../write-rows.ts';
import { FAILURE_COUNT, type FailureCountRow } from './verification-rows.ts';

const KEY = pickColumns(FAILURE_COUNT, ['subject', 'purpose']);

/** Inserts the counts that do not exist yet and locks all of them, in the order of their keys. */
export async function lockFailureCounts(
  tx: Tx,
  keys: readonly RowOf<typeof KEY>[],
): Promise<readonly FailureCountRow[]> {
  if (keys.length === 0) return [];
  const [, locked] = await Promise.all([
    tx.run(insertFailureCounts, encodeRows(KEY, keys)),
    tx.run(selectFailureCountsForUpdate, encodeRows(KEY, keys)),
  ]);
  return locked;
}

const insertFailureCounts = statement<RowParameters<typeof KEY>, object>(
  'insert_failure_counts',
  (p) => sql`
    insert into verification_failure (subject, purpose)
    select subject, purpose from (${selectRows(KEY, p)}) as wanted
    order by subject collate "C", purpose collate "C"
    on conflict (subject, purpose) do nothing`,
);

const selectFailureCountsForUpdate = statement<RowParameters<typeof KEY>, FailureCountRow>(
  'select_failure_counts_for_update',
  (p) => sql`
    select ${selectColumns(FAILURE_COUNT)} from verification_failure
    where (subject, purpose) in (select subject, purpose from (${selectRows(KEY, p)}) as wanted)
    order by subject, purpose
    for no key update`,
);

/** Saves counts that this transaction has locked. */
export function saveFailureCounts(tx: Tx, counts: readonly FailureCountRow[]): void {
  if (counts.length === 0) return;
  tx.finally(updateFailureCounts, encodeRows(FAILURE_COUNT, counts));
}

const updateFailureCounts = statement<RowParameters<typeof FAILURE_COUNT>, object>(
  'update_failure_counts',
  (p) => updateRows(FAILURE_COUNT, p),
);
