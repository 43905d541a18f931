import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface AccountRow {
  readonly accountId: string;
  readonly identityId: string;
  readonly target: string;
  readonly state: string;
  readonly userName: string;
  /** JSON text of an object. */
  readonly attributes: string;
  readonly generation: bigint;
  readonly disabledAtMs: number | null;
  readonly deleteAtMs: number | null;
}

export interface AssignmentRow {
  readonly accountId: string;
  readonly entitlement: string;
  readonly identityId: string;
  readonly target: string;
  /** JSON text of an array that is not empty. */
  readonly reasons: string;
}

const ID = { identity_id: 'uuid' } as const;

export const listAccounts = statement<RowColumns<typeof ID>, AccountRow>(
  'list_accounts',
  (p) => sql`
    select account_id as "accountId", account.identity_id as "identityId", target, state,
      user_name as "userName", attributes, generation, disabled_at as "disabledAtMs",
      delete_at as "deleteAtMs"
    from (${selectRows(ID, p)}) as wanted join account on account.identity_id = wanted.identity_id`,
);

export const listAssignments = statement<RowColumns<typeof ID>, AssignmentRow>(
  'list_assignments',
  (p) => sql`
    select assignment.account_id as "accountId", entitlement, account.identity_id as "identityId",
      account.target, reasons
    from (${selectRows(ID, p)}) as wanted
    join account on account.identity_id = wanted.identity_id
    join assignment on assignment.account_id = account.account_id`,
);

const ACCOUNT = {
  account_id: 'uuid',
  identity_id: 'uuid',
  target: 'text',
  state: 'text',
  user_name: 'text',
  attributes: 'text',
  generation: 'bigint',
  disabled_at: 'ms',
  delete_at: 'ms',
} as const;

/** Saves accounts as they are desired now; makes those that are new. */
export function saveAccounts(
  tx: Tx,
  accounts: readonly (Omit<AccountRow, 'disabledAtMs' | 'deleteAtMs'> & {
    readonly disabledAtMs: number | undefined;
    readonly deleteAtMs: number | undefined;
  })[],
): void {
  if (accounts.length === 0) return;
  const rows = accounts.map((account) => ({
    account_id: account.accountId,
    identity_id: account.identityId,
    target: account.target,
    state: account.state,
    user_name: account.userName,
    attributes: account.attributes,
    generation: account.generation,
    disabled_at: account.disabledAtMs,
    delete_at: account.deleteAtMs,
  }));
  tx.finally(upsertAccounts, columnsOf(ACCOUNT, rows));
}

const upsertAccounts = statement<RowColumns<typeof ACCOUNT>, object>(
  'upsert_accounts',
  (p) => sql`
    insert into account (account_id, identity_id, target, state, user_name, attributes, generation,
      disabled_at, delete_at)
    select account_id, identity_id, target, state, user_name, attributes, generation, disabled_at,
      delete_at
    from (${selectRows(ACCOUNT, p)}) as saved order by account_id
    on conflict (account_id) do update set
      state = excluded.state, user_name = excluded.user_name, attributes = excluded.attributes,
      generation = excluded.generation, disabled_at = excluded.disabled_at,
      delete_at = excluded.delete_at`,
);

const ASSIGNMENT = {
  account_id: 'uuid',
  entitlement: 'text',
  identity_id: 'uuid',
  target: 'text',
  reasons: 'text',
} as const;

/** Saves assignments with their reasons; makes those that are new. */
export function saveAssignments(tx: Tx, assignments: readonly AssignmentRow[]): void {
  if (assignments.length === 0) return;
  const rows = assignments.map((assignment) => ({
    account_id: assignment.accountId,
    entitlement: assignment.entitlement,
    identity_id: assignment.identityId,
    target: assignment.target,
    reasons: assignment.reasons,
  }));
  tx.finally(upsertAssignments, columnsOf(ASSIGNMENT, rows));
}

const upsertAssignments = statement<RowColumns<typeof ASSIGNMENT>, object>(
  'upsert_assignments',
  (p) => sql`
    insert into assignment as held (account_id, entitlement, identity_id, target, reasons)
    select account_id, entitlement, identity_id, target, reasons
    from (${selectRows(ASSIGNMENT, p)}) as saved order by account_id, entitlement
    on conflict (account_id, entitlement) do update set reasons = excluded.reasons
    where held.reasons <> excluded.reasons`,
);

const ENDED = { account_id: 'uuid', entitlement: 'text' } as const;

/** Ends assignments. */
export function deleteAssignments(
  tx: Tx,
  ended: readonly { readonly accountId: string; readonly entitlement: string }[],
): void {
  if (ended.length === 0) return;
  const rows = ended.map((assignment) => ({
    account_id: assignment.accountId,
    entitlement: assignment.entitlement,
  }));
  tx.finally(deleteEnded, columnsOf(ENDED, rows));
}

const deleteEnded = statement<RowColumns<typeof ENDED>, object>(
  'delete_ended_assignments',
  (p) => sql`
    delete from assignment using (${selectRows(ENDED, p)}) as ended
    where assignment.account_id = ended.account_id
      and assignment.entitlement = ended.entitlement`,
);
