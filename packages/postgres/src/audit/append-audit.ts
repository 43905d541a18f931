import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import type { DeliveryOrigin } from '../origin.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

/** Who or what decided what, on which evidence. */
export interface AuditEntry {
  readonly decidedAtMs: number;
  readonly subjectKind:
    | 'identity'
    | 'verification'
    | 'dead_letter'
    | 'intake_progress'
    | 'output_topic'
    | 'output_state';
  readonly subjectId: string;
  readonly trigger: 'event' | 'clock' | 'operator';
  /** The event that caused it; undefined for the clock. */
  readonly eventId: string | undefined;
  /** Of the delivery that caused it; none for the clock and for a command. */
  readonly origin?: DeliveryOrigin | undefined;
  /** `policy:<hash>` or `operator:<name>`. */
  readonly decider: string;
  readonly owner: string;
  /** JSON text of an array. */
  readonly decisions: string;
}

/** Appends audit entries in the transaction that does what they say. */
export function appendAudit(tx: Tx, entries: readonly AuditEntry[]): void {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    decided_at: entry.decidedAtMs,
    subject_kind: entry.subjectKind,
    subject_id: entry.subjectId,
    trigger: entry.trigger,
    event_id: entry.eventId,
    origin: entry.origin,
    decider: entry.decider,
    owner: entry.owner,
    decisions: entry.decisions,
  }));
  tx.finally(insertAudit, columnsOf(AUDIT, rows));
}

const AUDIT = {
  decided_at: 'ms',
  subject_kind: 'text',
  subject_id: 'text',
  trigger: 'text',
  event_id: 'text',
  origin: 'text',
  decider: 'text',
  owner: 'text',
  decisions: 'text',
} as const;

/** The transaction id is assigned before the first audit id: `sequenceAudit` relies on it. */
const insertAudit = statement<RowColumns<typeof AUDIT>, object>(
  'insert_audit',
  (p) => sql`
    insert into audit_entry
      (decided_at, subject_kind, subject_id, trigger, event_id, origin, decider, owner, decisions)
    select decided_at, subject_kind, subject_id, trigger, event_id, origin, decider, owner, decisions
    from (${selectRows(AUDIT, p)}) as entry
    where pg_current_xact_id() is not null
    order by ordinal`,
);
