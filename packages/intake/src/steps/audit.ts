import { type AuditDecision, type Event, type EventType, textHash } from '@latchkey/contracts';
import type { AuditEntry, AuditText } from '@latchkey/postgres';
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
export interface AuditDecided {
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
export function auditOf(decided: AuditDecided): AuditEntry {
  const { subject, cause, decisions, owner, nowMs } = decided;
  return {
    decidedAtMs: nowMs,
    ...subject,
    trigger: cause.trigger,
    eventId: cause.trigger === 'event' ? cause.eventId : undefined,
    origin: cause.trigger === 'event' ? cause.origin.kind : undefined,
    decider: deciderOf(decided),
    owner,
    decisions: JSON.stringify(decisions),
  };
}

function deciderOf({ cause, policyHash }: AuditDecided): string {
  if (cause.trigger === 'operator') return `operator:${cause.operator}`;
  if (policyHash === undefined) throw new RangeError('neither a policy nor an operator decided');
  return `policy:${policyHash}`;
}

/** Free text of a decision: the decision names its hash, and the text is stored apart, so that it can be erased. */
export interface Reason {
  readonly named: { readonly reasonHash?: string };
  readonly texts: readonly AuditText[];
}

/** The reason that an event gives, if its contract has one, as the audit trail has it. */
export function reasonOf(subjectId: string, { type, data }: Pick<Event, 'type' | 'data'>): Reason {
  const text = WITH_REASON.has(type) && 'reason' in data ? data.reason : undefined;
  if (text === undefined) return NO_REASON;
  const hash = textHash(subjectId, text);
  return {
    named: { reasonHash: hash },
    texts: [{ hash: Buffer.from(hash, 'hex'), subjectId, text }],
  };
}

/** Other types may have a member of this name, of any size: what a contract does not name is kept with the event alone. */
const WITH_REASON: ReadonlySet<EventType> = new Set([
  'latchkey.workforce.left.v1',
  'latchkey.workforce.suspended.v1',
  'latchkey.workforce.resumed.v1',
  'latchkey.person.blocked.v1',
  'latchkey.person.released.v1',
  'latchkey.verification.cancelled.v1',
]);

const NO_REASON: Reason = { named: {}, texts: [] };
