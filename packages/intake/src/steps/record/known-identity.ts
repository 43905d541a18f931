import type {
  CurrentAccount,
  CurrentIdentity,
  EngagementKey,
  KnownRecord,
  Lifecycle,
  Reason,
} from '@latchkey/domain';
import {
  type AccountRow,
  type AssignmentRow,
  type IdentityRow,
  identityIdColumns,
  listAccounts,
  listAssignments,
  type Tx,
} from '@latchkey/postgres';
import type { ReadSizes } from './read-sizes.ts';

/** An identity that this transaction has locked, with everything that is known of it. */
export interface LockedIdentity {
  readonly current: CurrentIdentity;
  /**
   * The record before facts arrive.
   *
   * @throws what reading it threw
   */
  readonly known: () => KnownRecord;
  /** Whether the last decision about it failed: some of its facts may never have been decided. */
  readonly anew: boolean;
  /** Ids of open reviews that say why it could not be decided: a decision resolves them. */
  readonly failureReviews: readonly string[];
  /** A `joined` or `stated` names it. */
  readonly isIntroduced: boolean;
  /** At least one of its engagements was read from a head, so that not all of its facts were seen. */
  readonly hasHeads: boolean;
  /** Engagements that have a checkpoint, and were read from all their facts. */
  readonly readAgain: readonly EngagementKey[];
  /** Bytes of heads and facts that were read of it. */
  readonly readBytes: () => number;
  /** What was read of it, one by one. */
  readonly sizes: () => ReadSizes;
}

/**
 * The identities of these rows, which this transaction has locked, with their accounts and assignments. Later statements
 * than those that locked the rows read them, with new snapshots.
 */
export async function readCurrent(
  tx: Tx,
  rows: readonly IdentityRow[],
): Promise<ReadonlyMap<string, CurrentIdentity>> {
  const known = rows.filter(hasFacts).map(({ identityId }) => identityId);
  if (known.length === 0) return assemble(rows, [], []);
  const ids = identityIdColumns(known);
  const [accounts, assignments] = await Promise.all([
    tx.run(listAccounts, ids),
    tx.run(listAssignments, ids),
  ]);
  return assemble(rows, accounts, assignments);
}

/** One of which nothing was ever saved has neither facts nor accounts. */
export function hasFacts({ lifecycle, factBytes }: IdentityRow): boolean {
  return lifecycle !== null || factBytes > 0n;
}

function assemble(
  rows: readonly IdentityRow[],
  accounts: readonly AccountRow[],
  assignments: readonly AssignmentRow[],
): ReadonlyMap<string, CurrentIdentity> {
  const accountsOf = Map.groupBy(accounts, (account) => account.identityId);
  const assignmentsOf = Map.groupBy(assignments, (assignment) => assignment.accountId);
  return new Map(
    rows.map((row) => [
      row.identityId,
      {
        identityId: row.identityId,
        source: row.source,
        externalId: row.externalId,
        lifecycle: (row.lifecycle ?? undefined) as Lifecycle | undefined,
        generation: row.generation,
        derivedAtMs: row.derivedAtMs ?? undefined,
        accounts: (accountsOf.get(row.identityId) ?? []).map((account) =>
          asAccount(account, assignmentsOf.get(account.accountId) ?? []),
        ),
      },
    ]),
  );
}

function asAccount(row: AccountRow, assignments: readonly AssignmentRow[]): CurrentAccount {
  return {
    accountId: row.accountId,
    target: row.target,
    state: row.state as CurrentAccount['state'],
    userName: row.userName,
    attributes: JSON.parse(row.attributes) as CurrentAccount['attributes'],
    generation: row.generation,
    disabledAtMs: row.disabledAtMs ?? undefined,
    deleteAtMs: row.deleteAtMs ?? undefined,
    entitlements: assignments.map((assignment) => ({
      name: assignment.entitlement,
      reasons: JSON.parse(assignment.reasons) as readonly Reason[],
    })),
  };
}
