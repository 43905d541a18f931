import {
  type AuditEntry,
  appendAudit,
  type Db,
  readNow,
  resetPaces,
  retryDueWork,
  type WorkKind,
} from '@latchkey/postgres';
import { auditOf } from '../steps/audit.ts';

/** Items in one transaction, at most. */
const RETRIED_MAX_ITEMS = 1_000;

/** Which items an operator has tried again. */
export interface WorkRetry {
  readonly kind: WorkKind;
  /** undefined: all that failed. */
  readonly itemIds: readonly string[] | undefined;
  readonly operator: string;
  /** Answers for it in the audit trail. */
  readonly owner: string;
}

/**
 * Makes items of a kind that failed come again at once, with an audit entry for each, and at full speed. Items that a process
 * tries at this moment stay as they are.
 *
 * @returns the ids of the items that come again
 */
export async function retryWork(db: Db, retry: WorkRetry): Promise<readonly string[]> {
  const all: string[] = [];
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- one bounded transaction after the other
    const some = await retrySome(db, retry, all.at(-1) ?? '');
    all.push(...some);
    if (some.length < RETRIED_MAX_ITEMS) return all;
  }
}

function retrySome(
  db: Db,
  { kind, itemIds, operator, owner }: WorkRetry,
  after: string,
): Promise<readonly string[]> {
  return db.transaction(async (tx) => {
    const rows = await tx.run(retryDueWork, {
      kind,
      itemIds: itemIds ?? null,
      after,
      limit: RETRIED_MAX_ITEMS,
    });
    const nowMs = await readNow(tx);
    tx.finally(resetPaces, { kind });
    appendAudit(
      tx,
      rows.map(({ itemId }) => auditEntry(kind, itemId, { operator, owner }, nowMs)),
    );
    return rows.map(({ itemId }) => itemId).sort(byBytes);
  });
}

const SUBJECT_KINDS: Readonly<Record<WorkKind, AuditEntry['subjectKind']>> = {
  clock: 'identity',
  sweep: 'verification',
};

function auditEntry(
  work: WorkKind,
  subjectId: string,
  { operator, owner }: Pick<WorkRetry, 'operator' | 'owner'>,
  nowMs: number,
): AuditEntry {
  return auditOf({
    subject: { subjectKind: SUBJECT_KINDS[work], subjectId },
    cause: { trigger: 'operator', operator },
    decisions: [{ kind: 'work_retried', work }],
    owner,
    nowMs,
  });
}

/** The order of the column. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
