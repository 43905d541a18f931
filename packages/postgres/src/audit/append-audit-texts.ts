import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { statement } from '../statement.ts';

/** Free text that audit entries name by its hash. */
export interface AuditText {
  /** SHA-256 of the subject id, a zero byte, and the text, all in UTF-8. */
  readonly hash: Buffer;
  /** As in the entries. */
  readonly subjectId: string;
  /** Any text without U+0000. */
  readonly text: string;
}

/**
 * Stores free text apart from the audit trail, so that it can be erased; a text that is stored already stays. In the order
 * of the hashes, so that two transactions cannot wait for each other. Rare, and any characters: these are array
 * parameters.
 */
export function appendAuditTexts(tx: Tx, texts: readonly AuditText[]): void {
  if (texts.length === 0) return;
  tx.finally(insertAuditTexts, {
    hashes: texts.map(({ hash }) => hash),
    subjectIds: texts.map(({ subjectId }) => subjectId),
    texts: texts.map(({ text }) => text),
  });
}

interface Arrays {
  readonly hashes: readonly Buffer[];
  readonly subjectIds: readonly string[];
  readonly texts: readonly string[];
}

/** Without a conflict target: naming one needs the right to read the table. */
const insertAuditTexts = statement<Arrays, object>(
  'insert_audit_texts',
  (p) => sql`
    insert into audit_text (hash, subject_id, text)
    select hash, subject_id, text
    from unnest(${p.hashes}::bytea[], ${p.subjectIds}::text[], ${p.texts}::text[])
      as stated (hash, subject_id, text)
    order by hash
    on conflict do nothing`,
);
