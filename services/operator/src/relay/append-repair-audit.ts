import { type AuditEntry, appendAudit, type Tx } from '@latchkey/postgres';
import type { Repair } from './open-repair.ts';

/** What a command has done to what, when by the database's clock. */
export interface RepairAudit extends Pick<AuditEntry, 'subjectKind' | 'subjectId' | 'decidedAtMs'> {
  readonly decisions: readonly object[];
}

/** Appends the audit entry of a command in the transaction that does what it says. */
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
