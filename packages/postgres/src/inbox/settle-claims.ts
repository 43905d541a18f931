import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface SettledClaim {
  readonly eventId: string;
  readonly disposition: 'applied' | 'stale' | 'dead_letter';
}

/** Stores how claims of this transaction ended. One that is not named ended as `applied`. */
export function settleClaims(tx: Tx, settled: readonly SettledClaim[]): void {
  if (settled.length === 0) return;
  const rows = settled.map((claim) => ({
    event_id: claim.eventId,
    disposition: claim.disposition,
  }));
  tx.finally(updateClaims, columnsOf(SETTLED, rows));
}

const SETTLED = { event_id: 'text', disposition: 'text' } as const;

const updateClaims = statement<RowColumns<typeof SETTLED>, object>(
  'update_claims',
  (p) => sql`
    update inbox set disposition = settled.disposition
    from (${selectRows(SETTLED, p)}) as settled
    where inbox.event_id = settled.event_id`,
);
