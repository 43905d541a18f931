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

/**
 * An upsert that only ever updates. An update would be planned as a join, of which the planner thinks that it
 * looks into every partition for each row: on an inbox that is small yet it reads all of it instead.
 */
const updateClaims = statement<RowColumns<typeof SETTLED>, object>(
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
