import { type AuditDecided, auditOf } from '@latchkey/intake';
import { appendAudit, type Tx } from '@latchkey/postgres';
import type { Repair } from './repair.ts';

/** What a repair changed, and when by the database's clock. */
export type RepairAudit = Pick<AuditDecided, 'subject' | 'decisions' | 'nowMs'>;

/** Appends the audit entry of a repair, in the transaction that makes the change. */
export function appendRepairAudit(
  tx: Tx,
  { operator, owner }: Pick<Repair, 'operator' | 'owner'>,
  repaired: RepairAudit,
): void {
  appendAudit(tx, [auditOf({ ...repaired, cause: { trigger: 'operator', operator }, owner })]);
}
