import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface SavedIdentity {
  readonly identityId: string;
  readonly lifecycle: string;
  readonly generation: bigint;
  readonly derivedAtMs: number;
  readonly nextTransitionAtMs: number | undefined;
}

/** Saves what was decided about identities that this transaction has locked; none is parked after it. */
export function saveIdentities(tx: Tx, identities: readonly SavedIdentity[]): void {
  if (identities.length === 0) return;
  const rows = identities.map((identity) => ({
    identity_id: identity.identityId,
    lifecycle: identity.lifecycle,
    generation: identity.generation,
    derived_at: identity.derivedAtMs,
    next_transition_at: identity.nextTransitionAtMs,
  }));
  tx.finally(updateIdentities, columnsOf(SAVED, rows));
}

const SAVED = {
  identity_id: 'uuid',
  lifecycle: 'text',
  generation: 'bigint',
  derived_at: 'ms',
  next_transition_at: 'ms',
} as const;

const updateIdentities = statement<RowColumns<typeof SAVED>, object>(
  'update_identities',
  (p) => sql`
    update identity set
      lifecycle = saved.lifecycle, generation = saved.generation, derived_at = saved.derived_at,
      next_transition_at = saved.next_transition_at, parked_at = null
    from (${selectRows(SAVED, p)}) as saved
    where identity.identity_id = saved.identity_id`,
);

/** The clock leaves the identity alone until its next event; a review says why. */
export const parkIdentity = statement<{ identityId: string }, object>(
  'park_identity',
  (p) => sql`
    update identity set parked_at = clock_timestamp() where identity_id = ${p.identityId}`,
);
