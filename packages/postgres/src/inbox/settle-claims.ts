import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface SettledClaim {
  readonly eventId: string;
  readonly disposition: 'applied' | 'stale' | 'dead_letter';
  /** JSON text; undefined where the disposition says everything. */
  readonly outcome: string | undefined;
}

/** Stores how claims of this transaction ended. One that is not named ended as `applied`. */
export function settleClaims(tx: Tx, settled: readonly SettledClaim[]): void {
  if (settled.length === 0) return;
  const rows = settled.map((claim) => ({
    event_id: claim.eventId,
    disposition: claim.disposition,
    outcome: claim.outcome,
  }));
  tx.finally(updateClaims, columnsOf(SETTLED, rows));
}

const SETTLED = { event_id: 'text', disposition: 'text', outcome: 'text' } as const;

const updateClaims = statement<RowColumns<typeof SETTLED>, object>(
  'update_claims',
  (p) => sql`
    update inbox set disposition = settled.disposition, outcome = settled.outcome
    from (${selectRows(SETTLED, p)}) as settled
    where inbox.event_id = settled.event_id`,
);
