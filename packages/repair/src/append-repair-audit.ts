import { type AuditEntry, appendAudit, type Tx } from '@latchkey/postgres';
import type { Repair } from './repair.ts';

/** What a repair changed, and when by the database's clock. */
export interface RepairAudit extends Pick<AuditEntry, 'subjectKind' | 'subjectId' | 'decidedAtMs'> {
  readonly decisions: readonly object[];
}

/** Appends the audit entry of a repair, in the transaction that makes the change. */
export function appendRepairAudit(
  tx: Tx,
  { operator, owner }: Pick<Repair, 'operator' | 'owner'>,
  { decisions, ...done }: RepairAudit,
): void {
  appendAudit(tx, [
    {
      ...done,
      trigger: 'operator',
      eventId: undefined,
      decider: `operator:${operator}`,
      owner,
      decisions: JSON.stringify(decisions),
    },
  ]);
}
