import {
  type AuditEntry,
  acceptProgress,
  appendAudit,
  type Db,
  lockProgress,
  type ProgressRow,
} from '@latchkey/postgres';

export interface Acceptance {
  readonly topic: string;
  readonly partition: number;
  /** What is accepted: the finding that was shown. */
  readonly findingId: string;
  /** Where reading goes on. What is read again there is recognised by its ids. */
  readonly nextOffset: bigint;
  /** What lies below becomes dead letters; not above `nextOffset` where nothing is given up. */
  readonly giveUpBefore: bigint;
  /** Who accepts what was found. */
  readonly operator: string;
  /** Answers for it in the audit trail. */
  readonly owner: string;
}

/** What became of an acceptance. */
export type Accepted =
  | { readonly kind: 'accepted'; readonly progress: ProgressRow }
  /** Nothing was changed: the partition was never read, or does not stand still. */
  | { readonly kind: 'unknown' | 'not_stopped' }
  /** Nothing was changed: something else was found than what was shown. */
  | { readonly kind: 'other_finding'; readonly progress: ProgressRow };

/**
 * Accepts what was found in an input partition that stopped: it goes on at `nextOffset`, with an
 * audit entry that says from where it went on to where. The reconciler notices by itself. Of two who
 * accept the same finding one does; the other is told that the partition does not stand still.
 */
export function acceptPartition(db: Db, accepted: Acceptance): Promise<Accepted> {
  const { topic, partition, findingId, nextOffset, giveUpBefore } = accepted;
  return db.transaction(async (tx) => {
    const [before] = await lockProgress(tx, [{ topic, partition }]);
    if (before === undefined) return { kind: 'unknown' };
    if (before.findingId === null) return { kind: 'not_stopped' };
    if (before.findingId !== findingId) return { kind: 'other_finding', progress: before };
    const [progress] = await tx.run(acceptProgress, { topic, partition, nextOffset, giveUpBefore });
    if (progress === undefined) throw new Error('a partition goes on by itself');
    appendAudit(tx, [auditEntry(accepted, before, progress.nowMs)]);
    return { kind: 'accepted', progress };
  });
}

function auditEntry(accepted: Acceptance, before: ProgressRow, decidedAtMs: number): AuditEntry {
  const { topic, partition, findingId, nextOffset, giveUpBefore, operator, owner } = accepted;
  const decision = {
    kind: 'progress_accepted',
    finding: findingId,
    found: before.stoppedCode,
    position: before.nextOffset.toString(),
    nextOffset: nextOffset.toString(),
    ...(giveUpBefore > nextOffset ? { giveUpBefore: giveUpBefore.toString() } : {}),
  };
  return {
    decidedAtMs,
    subjectKind: 'intake_progress',
    subjectId: `${topic}/${partition}`,
    trigger: 'operator',
    eventId: undefined,
    decider: `operator:${operator}`,
    owner,
    decisions: JSON.stringify([decision]),
  };
}
