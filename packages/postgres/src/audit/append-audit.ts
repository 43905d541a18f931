import type { AuditEntryData } from '@latchkey/contracts';
import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { listColumns, type NewRowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const AUDIT = rowSpec(
  'audit_entry',
  {
    decidedAtMs: 'ms',
    subjectKind: 'text',
    subjectId: 'text',
    trigger: 'text',
    /** The event that caused it; undefined for the clock. */
    eventId: 'text?',
    origin: 'text?',
    /** `policy:<hash>` or `operator:<name>`. */
    decider: 'text',
    owner: 'text',
    /** JSON text of an array. */
    decisions: 'text',
  },
  { key: [] },
);

/** Who or what decided what, on which evidence. */
export interface AuditEntry extends Omit<NewRowOf<typeof AUDIT>, 'origin'> {
  readonly subjectKind: AuditEntryData['subjectKind'];
  readonly trigger: AuditEntryData['trigger'];
  /** Of the delivery that caused it; none for the clock and for a command. */
  readonly origin?: DeliveryOrigin | undefined;
}

/** Appends audit entries in the transaction that does what they state. */
export function appendAudit(tx: Tx, entries: readonly AuditEntry[]): void {
  if (entries.length === 0) return;
  tx.finally(insertAudit, encodeRows(AUDIT, entries as readonly NewRowOf<typeof AUDIT>[]));
}

/** The transaction id is assigned before the first audit id: `sequenceAudit` relies on it. */
const insertAudit = statement<RowParameters<typeof AUDIT>, object>(
  'insert_audit',
  (p) => sql`
    insert into audit_entry (${listColumns(AUDIT)})
    select ${listColumns(AUDIT)} from (${selectRows(AUDIT, p)}) as entry
    where pg_current_xact_id() is not null
    order by ordinal`,
);
