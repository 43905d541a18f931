import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

/** The failures of one person (else of one verification) for one purpose. */
export interface FailureCountRow {
  readonly subject: string;
  readonly purpose: string;
  /** JSON text of an array. */
  readonly failures: string;
}

const KEY = { subject: 'text', purpose: 'text' } as const;

/** Makes the counts that do not exist yet and locks all of them, in the order of their keys. */
export async function lockFailureCounts(
  tx: Tx,
  keys: readonly { readonly subject: string; readonly purpose: string }[],
): Promise<readonly FailureCountRow[]> {
  if (keys.length === 0) return [];
  const rows = keys.map(({ subject, purpose }) => ({ subject, purpose }));
  const [, locked] = await Promise.all([
    tx.run(insertFailureCounts, columnsOf(KEY, rows)),
    tx.run(selectFailureCountsForUpdate, columnsOf(KEY, rows)),
  ]);
  return locked;
}

const insertFailureCounts = statement<RowColumns<typeof KEY>, object>(
  'insert_failure_counts',
  (p) => sql`
    insert into verification_failure (subject, purpose)
    select subject, purpose from (${selectRows(KEY, p)}) as wanted
    order by subject collate "C", purpose collate "C"
    on conflict (subject, purpose) do nothing`,
);

const selectFailureCountsForUpdate = statement<RowColumns<typeof KEY>, FailureCountRow>(
  'select_failure_counts_for_update',
  (p) => sql`
    select subject, purpose, failures from verification_failure
    where (subject, purpose) in (select subject, purpose from (${selectRows(KEY, p)}) as wanted)
    order by subject, purpose
    for no key update`,
);

const COUNT = { subject: 'text', purpose: 'text', failures: 'text' } as const;

/** Saves counts that this transaction has locked. */
export function saveFailureCounts(tx: Tx, counts: readonly FailureCountRow[]): void {
  if (counts.length === 0) return;
  const rows = counts.map(({ subject, purpose, failures }) => ({ subject, purpose, failures }));
  tx.finally(updateFailureCounts, columnsOf(COUNT, rows));
}

const updateFailureCounts = statement<RowColumns<typeof COUNT>, object>(
  'update_failure_counts',
  (p) => sql`
    update verification_failure as known set failures = saved.failures
    from (${selectRows(COUNT, p)}) as saved
    where known.subject = saved.subject and known.purpose = saved.purpose`,
);
