import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';
import {
  IDENTITY,
  IDENTITY_ID,
  IDENTITY_KEY,
  type IdentityKey,
  type IdentityRow,
} from './identity-rows.ts';

/** Inserts the identities that do not exist yet and locks all of them, in the order of their ids. */
export async function lockIdentities(
  tx: Tx,
  keys: readonly IdentityKey[],
): Promise<readonly IdentityRow[]> {
  const sorted = keys.toSorted((a, b) => (a.identityId < b.identityId ? -1 : 1));
  const [, locked] = await Promise.all([
    tx.run(insertIdentities, encodeRows(IDENTITY_KEY, sorted)),
    tx.run(selectIdentitiesForUpdate, encodeRows(IDENTITY_ID, sorted)),
  ]);
  return locked;
}

const insertIdentities = statement<RowParameters<typeof IDENTITY_KEY>, object>(
  'insert_identities',
  (p) => sql`${insertRows(IDENTITY_KEY, p)} on conflict do nothing`,
);

const selectIdentitiesForUpdate = statement<RowParameters<typeof IDENTITY_ID>, IdentityRow>(
  'select_identities_for_update',
  (p) => sql`
    select ${selectColumns(IDENTITY)}
    from identity
    where identity_id = any (string_to_array(${p.identityId}, E'\\x1f')::uuid[])
    order by identity_id
    for no key update`,
);

/**
 * Locks those of these identities that are due or parked, in the order of their ids.
 *
 * @param ids - as parameters, see `identityIdColumns`
 */
export const lockLeasedIdentities = statement<RowParameters<typeof IDENTITY_ID>, IdentityRow>(
  'lock_leased_identities',
  (p) => sql`
    select ${selectColumns(IDENTITY)}
    from identity
    where identity_id = any (string_to_array(${p.identityId}, E'\\x1f')::uuid[])
      and (next_transition_at <= statement_timestamp() or parked_at is not null)
    order by identity_id
    for no key update`,
);

/** Identity ids as parameters, in their order. */
export function identityIdColumns(ids: readonly string[]): RowParameters<typeof IDENTITY_ID> {
  return encodeRows(
    IDENTITY_ID,
    ids.toSorted().map((identityId) => ({ identityId })),
  );
}
