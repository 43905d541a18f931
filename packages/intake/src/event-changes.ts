import type { Fact, Policy, Reconciled } from '@latchkey/domain';
import type { AuditEntry, NewFact, SettledClaim } from '@latchkey/postgres';
import type { Changes } from './changes.ts';
import type { ClaimedRecordEvent, RecordEvent } from './lock-record.ts';

/** What each event itself changes: the fact, its outcome, its audit entry. */
export function eventChanges(
  claimed: readonly ClaimedRecordEvent[],
  facts: readonly Fact[],
  identityId: string,
  { outcomes }: Reconciled,
  policy: Policy,
  nowMs: number,
): Partial<Changes> {
  const stated: NewFact[] = [];
  const claims: SettledClaim[] = [];
  const audit: AuditEntry[] = [];
  for (const [index, { event }] of claimed.entries()) {
    const fact = facts[index];
    const outcome = outcomes[index];
    if (fact === undefined || outcome === undefined)
      throw new RangeError('an event has no outcome');
    const { disposition, decisions } = outcome;
    stated.push(newFact(event, fact, identityId));
    if (disposition === 'stale') claims.push({ eventId: event.eventId, disposition });
    audit.push({
      decidedAtMs: nowMs,
      subjectKind: 'identity',
      subjectId: identityId,
      trigger: 'event',
      eventId: event.eventId,
      decider: `policy:${policy.hash}`,
      owner: decisions[0]?.owner ?? policy.owner,
      decisions: JSON.stringify([{ kind: 'fact', fact: fact.kind, disposition }, ...decisions]),
    });
  }
  return { facts: stated, claims, audit };
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
