import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';

const AUDIT_TEXT = rowSpec(
  'audit_text',
  {
    /** SHA-256 of the subject id, a zero byte, and the text, all in UTF-8. */
    hash: 'bytea',
    /** As in the entries. */
    subjectId: 'text',
    /** Any text without U+0000. */
    text: 'text',
  },
  { key: ['hash'], order: 'key', encoding: 'array' },
);

/** Free text that audit entries name by its hash. */
export type AuditText = RowOf<typeof AUDIT_TEXT>;

/**
 * Stores free text apart from the audit trail, so that it can be erased; a text that is stored already stays. In the order
 * of the hashes, so that two transactions cannot wait for each other.
 */
export function appendAuditTexts(tx: Tx, texts: readonly AuditText[]): void {
  if (texts.length === 0) return;
  tx.finally(insertAuditTexts, encodeRows(AUDIT_TEXT, texts));
}

/** Without a conflict target: naming one needs the right to read the table. */
const insertAuditTexts = statement<RowParameters<typeof AUDIT_TEXT>, object>(
  'insert_audit_texts',
  (p) => sql`${insertRows(AUDIT_TEXT, p)} on conflict do nothing`,
);
