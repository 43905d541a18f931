import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type NewRowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const SETTLED = rowSpec('inbox', { eventId: 'text', disposition: 'text' }, { key: ['eventId'] });

export interface SettledClaim extends NewRowOf<typeof SETTLED> {
  readonly disposition: 'applied' | 'stale' | 'dead_letter';
}

/** Stores how claims of this transaction ended. One that is not named ended as `applied`. */
export function settleClaims(tx: Tx, settled: readonly SettledClaim[]): void {
  if (settled.length === 0) return;
  tx.finally(updateClaims, encodeRows(SETTLED, settled));
}

/**
 * An upsert that only ever updates. An update would be planned as a join, which is costed as a look-up in every partition
 * for each row: while the inbox is small, all of it would be read instead.
 */
const updateClaims = statement<RowParameters<typeof SETTLED>, object>(
  'update_claims',
  (p) => sql`
    insert into inbox (event_id, fingerprint, disposition)
    select settled.event_id, claim.fingerprint, settled.disposition
    from (${selectRows(SETTLED, p)}) as settled
    cross join lateral (
      select fingerprint from inbox where inbox.event_id = settled.event_id limit 1
    ) as claim
    order by settled.ordinal
    on conflict (event_id) do update set disposition = excluded.disposition`,
);
