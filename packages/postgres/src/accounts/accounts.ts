import { sql } from 'kysely';
import { IDENTITY_ID } from '../identity/identity-rows.ts';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type AnyRowOf, matchKey, pickColumns, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { upsertRows } from '../write-rows.ts';
import { ACCOUNT, type AccountRow, ASSIGNMENT, type AssignmentRow } from './account-rows.ts';

export const listAccounts = statement<RowParameters<typeof IDENTITY_ID>, AccountRow>(
  'list_accounts',
  (p) => sql`
    select ${selectColumns(ACCOUNT)}
    from (${selectRows(IDENTITY_ID, p)}) as wanted
    join account on account.identity_id = wanted.identity_id`,
);

export const listAssignments = statement<RowParameters<typeof IDENTITY_ID>, AssignmentRow>(
  'list_assignments',
  (p) => sql`
    select assignment.account_id as "accountId", entitlement, account.identity_id as "identityId",
      account.target, reasons
    from (${selectRows(IDENTITY_ID, p)}) as wanted
    join account on account.identity_id = wanted.identity_id
    join assignment on assignment.account_id = account.account_id`,
);

/** Saves accounts as they are desired now; makes those that are new. */
export function saveAccounts(tx: Tx, accounts: readonly AnyRowOf<typeof ACCOUNT>[]): void {
  if (accounts.length === 0) return;
  tx.finally(upsertAccounts, encodeRows(ACCOUNT, accounts));
}

const upsertAccounts = statement<RowParameters<typeof ACCOUNT>, object>('upsert_accounts', (p) =>
  upsertRows(ACCOUNT, p),
);

/** Saves assignments with their reasons; makes those that are new. */
export function saveAssignments(tx: Tx, assignments: readonly AssignmentRow[]): void {
  if (assignments.length === 0) return;
  tx.finally(upsertAssignments, encodeRows(ASSIGNMENT, assignments));
}

const upsertAssignments = statement<RowParameters<typeof ASSIGNMENT>, object>(
  'upsert_assignments',
  (p) => sql`
    ${upsertRows(ASSIGNMENT, p)}
    where assignment.reasons <> excluded.reasons`,
);

const ASSIGNMENT_KEY = pickColumns(ASSIGNMENT, ['accountId', 'entitlement']);

/** Ends assignments. */
export function deleteAssignments(tx: Tx, ended: readonly AnyRowOf<typeof ASSIGNMENT_KEY>[]): void {
  if (ended.length === 0) return;
  tx.finally(deleteEnded, encodeRows(ASSIGNMENT_KEY, ended));
}

const deleteEnded = statement<RowParameters<typeof ASSIGNMENT_KEY>, object>(
  'delete_ended_assignments',
  (p) => sql`
    delete from assignment using (${selectRows(ASSIGNMENT_KEY, p)}) as ended
    where ${matchKey(ASSIGNMENT_KEY, 'ended')}`,
);
