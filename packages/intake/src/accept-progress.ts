import {
  acceptProgress,
  appendAudit,
  type Db,
  lockProgress,
  type ProgressRow,
} from '@latchkey/postgres';

export interface Acceptance {
  readonly topic: string;
  readonly partition: number;
  /** Where reading goes on. What is read again there is recognised by its ids. */
  readonly nextOffset: bigint;
  /** Who accepts what was found. */
  readonly operator: string;
  /** Answers for it in the audit trail. */
  readonly owner: string;
}

/**
 * Accepts what was found in an input partition that stopped: it goes on at `nextOffset`, with an
 * audit entry that says from where it went on to where. The reconciler notices by itself.
 *
 * @returns undefined where the partition was never read
 */
export function acceptPartition(db: Db, accepted: Acceptance): Promise<ProgressRow | undefined> {
  const { topic, partition, nextOffset, operator, owner } = accepted;
  return db.transaction(async (tx) => {
    const [before] = await lockProgress(tx, [{ topic, partition }]);
    const [row] = await tx.run(acceptProgress, { topic, partition, nextOffset });
    if (before === undefined || row === undefined) return undefined;
    const decision = {
      kind: 'progress_accepted',
      found: before.stoppedCode,
      position: before.nextOffset.toString(),
      nextOffset: nextOffset.toString(),
    };
    appendAudit(tx, [
      {
        decidedAtMs: row.nowMs,
        subjectKind: 'intake_progress',
        subjectId: `${topic}/${partition}`,
        trigger: 'operator',
        eventId: undefined,
        decider: `operator:${operator}`,
        owner,
        decisions: JSON.stringify([decision]),
      },
    ]);
    return row;
  });
}
