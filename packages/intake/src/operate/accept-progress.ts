import {
  type AuditEntry,
  acceptProgress,
  appendAudit,
  type Db,
  lockProgress,
  type ProgressRow,
} from '@latchkey/postgres';
import { auditOf } from '../steps/audit.ts';

export interface Acceptance {
  readonly topic: string;
  readonly partition: number;
  /** The finding that is accepted: the one that was shown. */
  readonly findingId: string;
  /** Where reading continues. Events that are read again are recognised by their ids. */
  readonly nextOffset: bigint;
  /** Deliveries below it become dead letters; at most `nextOffset` where none is given up. */
  readonly giveUpBefore: bigint;
  /** Who accepts the finding. */
  readonly operator: string;
  /** Answers for it in the audit trail. */
  readonly owner: string;
}

/** The outcome of an acceptance. */
export type Accepted =
  | { readonly kind: 'accepted'; readonly progress: ProgressRow }
  /** Nothing was changed: the partition was never read, or is not stopped. */
  | { readonly kind: 'unknown' | 'not_stopped' }
  /** Nothing was changed: another finding was made than the one that was shown. */
  | { readonly kind: 'other_finding'; readonly progress: ProgressRow };

/**
 * Accepts the finding in an input partition that is stopped: reading continues at `nextOffset`, with an audit entry that
 * has both positions. The reconciler notices by itself. Of two calls that accept the same finding one succeeds; the other
 * returns `not_stopped`.
 */
export function acceptPartition(db: Db, accepted: Acceptance): Promise<Accepted> {
  const { topic, partition, findingId, nextOffset, giveUpBefore } = accepted;
  return db.transaction(async (tx) => {
    const [before] = await lockProgress(tx, [{ topic, partition }]);
    if (before === undefined) return { kind: 'unknown' };
    if (before.findingId === null) return { kind: 'not_stopped' };
    if (before.findingId !== findingId) return { kind: 'other_finding', progress: before };
    const [progress] = await tx.run(acceptProgress, { topic, partition, nextOffset, giveUpBefore });
    if (progress === undefined) throw new Error('the stopped partition was not updated');
    appendAudit(tx, [auditEntry(accepted, before, progress.nowMs)]);
    return { kind: 'accepted', progress };
  });
}

function auditEntry(accepted: Acceptance, before: ProgressRow, decidedAtMs: number): AuditEntry {
  const { topic, partition, findingId, nextOffset, giveUpBefore, operator, owner } = accepted;
  const decision = {
    kind: 'progress_accepted' as const,
    finding: findingId,
    found: before.stoppedCode,
    position: before.nextOffset.toString(),
    nextOffset: nextOffset.toString(),
    ...(giveUpBefore > nextOffset ? { giveUpBefore: giveUpBefore.toString() } : {}),
  };
  return auditOf({
    subject: { subjectKind: 'intake_progress', subjectId: `${topic}/${partition}` },
    cause: { trigger: 'operator', operator },
    decisions: [decision],
    owner,
    nowMs: decidedAtMs,
  });
}
