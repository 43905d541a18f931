import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { matchKey, type NewRowOf, rowSpec, setColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';

const SUSPENDED = rowSpec(
  'identity',
  { identityId: 'uuid', lifecycle: 'text', generation: 'bigint', derivedAtMs: 'ms' },
  { key: ['identityId'] },
);

export type SuspendedIdentity = NewRowOf<typeof SUSPENDED>;

/**
 * Saves the lifecycle of identities that this transaction has locked and could not decide. What is due of them, and that due
 * work is to decide them, stays.
 */
export function suspendIdentities(tx: Tx, identities: readonly SuspendedIdentity[]): void {
  if (identities.length === 0) return;
  tx.finally(updateSuspendedIdentities, encodeRows(SUSPENDED, identities));
}

const updateSuspendedIdentities = statement<RowParameters<typeof SUSPENDED>, object>(
  'update_suspended_identities',
  (p) => sql`
    update identity set ${setColumns(SUSPENDED, 'saved')}
    from (${selectRows(SUSPENDED, p)}) as saved where ${matchKey(SUSPENDED, 'saved')}`,
);
