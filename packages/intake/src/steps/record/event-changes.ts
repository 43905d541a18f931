import type { AuditDecision, RecordEvent } from '@latchkey/contracts';
import type { Fact, FactOutcome, Policy } from '@latchkey/domain';
import type { AuditEntry, AuditText, NewFact, SettledClaim } from '@latchkey/postgres';
import { auditOf, reasonOf } from '../audit.ts';
import type { Changes } from '../changes.ts';
import type { ClaimedEvent } from '../claim.ts';

/** The outcome of one event. */
export interface EventOutcome extends Pick<FactOutcome, 'disposition'> {
  readonly decisions: readonly AuditDecision[];
}

/** Events of one identity, with the fact and the outcome of each. */
interface DecidedEvents {
  readonly claimed: readonly ClaimedEvent<RecordEvent>[];
  readonly facts: readonly Fact[];
  readonly identityId: string;
  readonly outcomes: readonly EventOutcome[];
  readonly policy: Policy;
  readonly nowMs: number;
}

/** What each event itself changes: the fact, the disposition of its claim, its audit entry with its reason. */
export function eventChanges({
  claimed,
  facts,
  identityId,
  outcomes,
  policy,
  nowMs,
}: DecidedEvents): Pick<Changes, 'facts' | 'claims' | 'audit' | 'auditTexts'> {
  const stated: NewFact[] = [];
  const claims: SettledClaim[] = [];
  const audit: AuditEntry[] = [];
  const auditTexts: AuditText[] = [];
  for (const [index, { event, origin }] of claimed.entries()) {
    const fact = facts[index];
    const outcome = outcomes[index];
    if (fact === undefined || outcome === undefined)
      throw new RangeError('an event has no outcome');
    const { eventId } = event;
    const { disposition, decisions } = outcome;
    const reason = reasonOf(identityId, event);
    stated.push(newFact(event, fact, identityId));
    auditTexts.push(...reason.texts);
    if (disposition === 'stale') claims.push({ eventId, disposition });
    audit.push(
      auditOf({
        subject: { subjectKind: 'identity', subjectId: identityId },
        cause: { trigger: 'event', eventId, origin },
        decisions: [{ kind: 'fact', fact: fact.kind, disposition, ...reason.named }, ...decisions],
        owner: ownerOf(decisions) ?? policy.owner,
        policyHash: policy.hash,
        nowMs,
      }),
    );
  }
  return { facts: stated, claims, audit, auditTexts };
}

function ownerOf([first]: readonly AuditDecision[]): string | undefined {
  return first !== undefined && 'owner' in first ? first.owner : undefined;
}

function newFact(event: RecordEvent, fact: Fact, identityId: string): NewFact {
  return {
    eventId: event.eventId,
    fingerprint: event.fingerprint.toString('hex'),
    identityId,
    source: event.source,
    kind: fact.kind,
    engagement: fact.engagement,
    sourceOrder: fact.order,
    data: JSON.stringify(event.data),
  };
}
