import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { matchKey, type NewRowOf, rowSpec, setColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { IDENTITY_ID } from './identity-rows.ts';

const DECIDED = rowSpec(
  'identity',
  {
    identityId: 'uuid',
    lifecycle: 'text',
    generation: 'bigint',
    derivedAtMs: 'ms',
    nextTransitionAtMs: 'ms?',
    factBytes: 'bigint',
    derivedPolicyHash: 'text',
    /** 1 if facts were added, else 0. */
    versions: 'integer',
  },
  { key: ['identityId'], fixed: ['versions'] },
);

export type SavedIdentity = NewRowOf<typeof DECIDED>;

/** Saves what was decided about identities that this transaction has locked; none is parked after it, and its due work ends. */
export function saveIdentities(tx: Tx, identities: readonly SavedIdentity[]): void {
  if (identities.length === 0) return;
  tx.finally(updateIdentities, encodeRows(DECIDED, identities));
}

const updateIdentities = statement<RowParameters<typeof DECIDED>, object>(
  'update_identities',
  (p) => sql`
    update identity set ${setColumns(DECIDED, 'saved')}, parked_at = null,
      record_version = identity.record_version + saved.versions
    from (${selectRows(DECIDED, p)}) as saved where ${matchKey(DECIDED, 'saved')}`,
);

/**
 * Marks identities that this transaction has locked as handed over to due work (`saveFailedWork`), until they are decided.
 * Sent with COMMIT.
 */
export function parkIdentities(tx: Tx, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const rows = ids.toSorted().map((identityId) => ({ identityId }));
  tx.finally(updateParkedIdentities, encodeRows(IDENTITY_ID, rows));
}

const updateParkedIdentities = statement<RowParameters<typeof IDENTITY_ID>, object>(
  'update_parked_identities',
  (p) => sql`
    update identity set parked_at = coalesce(parked_at, clock_timestamp())
    where identity_id = any (string_to_array(${p.identityId}, E'\\x1f')::uuid[])`,
);
