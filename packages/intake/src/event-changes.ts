import type { Fact, Policy, Reconciled } from '@latchkey/domain';
import type { NewFact } from '@latchkey/postgres';
import { type Changes, joinChanges } from './changes.ts';
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
  const parts = claimed.map(({ event }, index): Partial<Changes> => {
    const fact = facts[index];
    const outcome = outcomes[index];
    if (fact === undefined || outcome === undefined)
      throw new RangeError('an event has no outcome');
    return {
      facts: [newFact(event, fact, identityId)],
      claims:
        outcome.disposition === 'stale'
          ? [{ eventId: event.eventId, disposition: 'stale', outcome: undefined }]
          : [],
      audit: [
        {
          decidedAtMs: nowMs,
          subjectKind: 'identity',
          subjectId: identityId,
          trigger: 'event',
          eventId: event.eventId,
          decider: `policy:${policy.hash}`,
          owner: outcome.decisions[0]?.owner ?? policy.owner,
          decisions: JSON.stringify([
            { kind: 'fact', fact: fact.kind, disposition: outcome.disposition },
            ...outcome.decisions,
          ]),
        },
      ],
    };
  });
  return joinChanges(parts);
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
