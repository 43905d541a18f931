import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface IdentityKey {
  readonly identityId: string;
  readonly source: string;
  readonly externalId: string;
}

export interface IdentityRow extends IdentityKey {
  /** null until the identity was decided for the first time. */
  readonly lifecycle: string | null;
  readonly generation: bigint;
  readonly derivedAtMs: number | null;
}

/** Makes the identities that do not exist yet and locks all of them, in the order of their ids. */
export async function lockIdentities(
  tx: Tx,
  keys: readonly IdentityKey[],
): Promise<readonly IdentityRow[]> {
  const sorted = keys.toSorted((a, b) => (a.identityId < b.identityId ? -1 : 1));
  const rows = sorted.map((key) => ({
    identity_id: key.identityId,
    source: key.source,
    external_id: key.externalId,
  }));
  const [, locked] = await Promise.all([
    tx.run(insertIdentities, columnsOf(IDENTITY, rows)),
    tx.run(selectIdentitiesForUpdate, columnsOf(ID, rows)),
  ]);
  return locked;
}

const IDENTITY = { identity_id: 'uuid', source: 'text', external_id: 'text' } as const;
const ID = { identity_id: 'uuid' } as const;

const insertIdentities = statement<RowColumns<typeof IDENTITY>, object>(
  'insert_identities',
  (p) => sql`
    insert into identity (identity_id, source, external_id)
    select identity_id, source, external_id from (${selectRows(IDENTITY, p)}) as wanted
    order by ordinal
    on conflict do nothing`,
);

const selectIdentitiesForUpdate = statement<RowColumns<typeof ID>, IdentityRow>(
  'select_identities_for_update',
  (p) => sql`
    select identity_id as "identityId", source, external_id as "externalId", lifecycle, generation,
      derived_at as "derivedAtMs"
    from identity
    where identity_id = any (string_to_array(${p.identity_id}, E'\\x1f')::uuid[])
    order by identity_id
    for no key update`,
);

/** Locks identities whose next transition is due, the longest due first; those that somebody holds are left out. */
export const lockDueIdentities = statement<{ limit: number }, IdentityRow>(
  'lock_due_identities',
  (p) => sql`
    select identity_id as "identityId", source, external_id as "externalId", lifecycle, generation,
      derived_at as "derivedAtMs"
    from identity
    where next_transition_at <= statement_timestamp() and parked_at is null
    order by next_transition_at, identity_id
    limit ${p.limit}
    for no key update skip locked`,
);

/** Identity ids as parameters, in their order. */
export function identityIdColumns(ids: readonly string[]): RowColumns<typeof ID> {
  return columnsOf(
    ID,
    ids.toSorted().map((id) => ({ identity_id: id })),
  );
}
