import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';

const CONFLICT = rowSpec(
  'conflict',
  {
    eventId: 'text',
    fingerprint: 'bytea',
    body: 'bytea?',
    topic: 'text',
    partition: 'integer',
    offset: 'bigint',
    /** How many deliveries of this content the batch contained. */
    count: 'integer',
  },
  { key: ['eventId', 'fingerprint'], order: 'key', encoding: 'array' },
);

/** A delivery whose event id was claimed before, with other content. */
export type NewConflict = RowOf<typeof CONFLICT>;

/** Keeps one row for each different content of an event id, and counts its deliveries. */
export function appendConflicts(tx: Tx, conflicts: readonly NewConflict[]): void {
  if (conflicts.length === 0) return;
  tx.finally(upsertConflicts, encodeRows(CONFLICT, conflicts));
}

const upsertConflicts = statement<RowParameters<typeof CONFLICT>, object>(
  'upsert_conflicts',
  (p) => sql`
    ${insertRows(CONFLICT, p)}
    on conflict (event_id, fingerprint) do update set
      count = conflict.count + excluded.count, last_seen_at = clock_timestamp()`,
);
