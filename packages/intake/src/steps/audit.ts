import type { AuditDecision } from '@latchkey/contracts';
import type { AuditEntry } from '@latchkey/postgres';
import type { Origin } from './delivery.ts';

/** What brought a decision about. */
export type Cause =
  /** An event, and how it was delivered. */
  | { readonly trigger: 'event'; readonly eventId: string; readonly origin: Origin }
  /** Time alone. */
  | { readonly trigger: 'clock' }
  /** A command. */
  | { readonly trigger: 'operator'; readonly operator: string };

/** Decisions of one transaction about one subject. */
export interface Decided {
  readonly subject: Pick<AuditEntry, 'subjectKind' | 'subjectId'>;
  readonly cause: Cause;
  /** In the order in which they were made. */
  readonly decisions: readonly AuditDecision[];
  /** Who answers for them. */
  readonly owner: string;
  /** Of the policy that decided; undefined where an operator did. */
  readonly policyHash?: string;
  /** By the database's clock. */
  readonly nowMs: number;
}

/** The audit entry of decisions. */
export function auditOf(decided: Decided): AuditEntry {
  const { subject, cause, decisions, owner, nowMs } = decided;
  return {
    decidedAtMs: nowMs,
    ...subject,
    trigger: cause.trigger,
    eventId: cause.trigger === 'event' ? cause.eventId : undefined,
    decider: deciderOf(decided),
    owner,
    decisions: JSON.stringify(decisions),
  };
}

function deciderOf({ cause, policyHash }: Decided): string {
  if (cause.trigger === 'operator') return `operator:${cause.operator}`;
  if (policyHash === undefined) throw new RangeError('decided by nothing');
  return `policy:${policyHash}`;
}
