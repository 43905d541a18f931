import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { matchKey, type NewRowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const GROWN = rowSpec(
  'identity',
  {
    identityId: 'uuid',
    /** Of the facts that were added. */
    addedBytes: 'bigint',
  },
  { key: ['identityId'] },
);

/** An identity about which facts were added without a decision. */
export type GrownRecord = NewRowOf<typeof GROWN>;

/** Counts facts that this transaction adds to identities which it has locked and cannot decide. Sent with COMMIT. */
export function growRecords(tx: Tx, grown: readonly GrownRecord[]): void {
  if (grown.length === 0) return;
  tx.finally(updateGrownRecords, encodeRows(GROWN, grown));
}

const updateGrownRecords = statement<RowParameters<typeof GROWN>, object>(
  'update_grown_records',
  (p) => sql`
    update identity set fact_bytes = identity.fact_bytes + grown.added_bytes,
      record_version = identity.record_version + 1
    from (${selectRows(GROWN, p)}) as grown where ${matchKey(GROWN, 'grown')}`,
);
