import { derivedId, type RecordEvent } from '@latchkey/contracts';
import {
  countUndeclared,
  type Fact,
  type Policy,
  type Reconciled,
  reconcile,
} from '@latchkey/domain';
import type { AuditEntry, NewReview } from '@latchkey/postgres';
import { auditOf } from '../audit.ts';
import { type Changes, joinChanges, REVIEW_DUE_MS } from '../changes.ts';
import type { ClaimedEvent } from '../claim.ts';
import type { Decided } from '../handler.ts';
import type { Moment } from '../moment.ts';
import type { DeliveryOutcome } from '../outcome.ts';
import { createYielder } from '../yielder.ts';
import { engagementKey } from './engagement-key.ts';
import { eventChanges } from './event-changes.ts';
import { identityChanges } from './identity-changes.ts';
import type { LockedIdentity } from './known-identity.ts';
import type { LockedRecord } from './lock-record.ts';
import { introducedReviews, unknownPeopleReviews } from './unknown-people.ts';

type ClaimedFact = ClaimedEvent<RecordEvent>;

/**
 * Decides what record events change. Events of one identity are folded first: each has its own outcome and audit entry,
 * downstream gets one message an account with the final generation.
 *
 * @param moment - read after the locks
 */
export async function decideRecord(
  claimed: readonly ClaimedFact[],
  locked: LockedRecord,
  policy: Policy,
  moment: Moment,
): Promise<Decided> {
  const { nowMs } = moment;
  const groups = Map.groupBy(claimed, ({ event }) => locked.identityOf.get(event));
  const parts: Partial<Changes>[] = [unknownPeopleReviews(locked.unknown, policy, nowMs)];
  const yieldIfDue = createYielder();
  const outcomes = new Map<ClaimedFact, DeliveryOutcome>();
  for (const [identityId, group] of groups) {
    // eslint-disable-next-line no-await-in-loop -- lets the event loop run
    await yieldIfDue();
    const identity = locked.identities.get(identityId ?? '');
    if (identityId === undefined || identity === undefined)
      throw new RangeError('an identity was not locked');
    const events = group.map(({ event }) => event);
    const facts = locked.arriving.get(identityId) ?? [];
    const reconciled = reconcileAt(identity, facts, policy, moment);
    const stated = eventChanges({ claimed: group, facts, identityId, reconciled, policy, nowMs });
    const by = { nowMs, policy, cause: events.at(-1) };
    parts.push(
      identityChanges(identity, reconciled, stated.facts, by),
      { audit: clockAudit(identity, reconciled, policy, nowMs) },
      { resolved: reconciled.endedReviews },
      stated,
      { reviews: elsewhereReviews(group, locked, policy, nowMs) },
      { resolved: introducedReviews(identityId, identity, events) },
    );
    for (const [at, one] of group.entries()) {
      outcomes.set(one, outcomeOf(facts[at], reconciled.outcomes[at]?.disposition, policy));
    }
  }
  return {
    changes: joinChanges(parts),
    outcomes: claimed.flatMap((one) => outcomes.get(one) ?? []),
  };
}

function outcomeOf(
  fact: Fact | undefined,
  disposition: DeliveryOutcome['disposition'] | undefined,
  policy: Policy,
): DeliveryOutcome {
  const undeclared = fact === undefined ? 0 : countUndeclared(fact, policy);
  return {
    disposition: disposition ?? 'applied',
    answer: undefined,
    failure: undefined,
    undeclared,
  };
}

/** Decides an identity whose next transition is due: no new fact, only time. */
export function decideDue(identity: LockedIdentity, policy: Policy, moment: Moment): Changes {
  const { nowMs } = moment;
  const reconciled = reconcileAt(identity, [], policy, moment);
  return joinChanges([
    identityChanges(identity, reconciled, [], { nowMs, policy, cause: undefined }),
    { audit: clockAudit(identity, reconciled, policy, nowMs) },
  ]);
}

/** Decisions that were due are recorded as the clock's, also where an event was processed first. */
function clockAudit(
  { current }: LockedIdentity,
  { clockDecisions }: Reconciled,
  policy: Policy,
  nowMs: number,
): readonly AuditEntry[] {
  if (clockDecisions.length === 0) return [];
  return [
    auditOf({
      subject: { subjectKind: 'identity', subjectId: current.identityId },
      cause: { trigger: 'clock' },
      decisions: clockDecisions,
      owner: clockDecisions[0]?.owner ?? policy.owner,
      policyHash: policy.hash,
      nowMs,
    }),
  ];
}

/** A slow transaction must not decide with an older clock than a fast one before it. */
function reconcileAt(
  { current, known }: LockedIdentity,
  arriving: readonly Fact[],
  policy: Policy,
  { nowMs, epoch }: Moment,
): Reconciled {
  const derivedAtMs = current.derivedAtMs ?? nowMs;
  return reconcile({
    identity: current,
    known: known(),
    arriving,
    policy,
    nowMs: Math.max(nowMs, derivedAtMs),
    epoch,
  });
}

/** The same engagement under another subject: one of the two is a mistake that a person must find. */
function elsewhereReviews(
  claimed: readonly ClaimedFact[],
  { firstSubjects }: LockedRecord,
  policy: Policy,
  nowMs: number,
): readonly NewReview[] {
  return claimed.flatMap(({ event }) => {
    if (!('engagement' in event.data)) return [];
    const key = engagementKey(event.source, event.data.engagement);
    if (firstSubjects.get(key) === event.subject) return [];
    return [
      {
        reviewId: derivedId('review', 'engagement_elsewhere', key),
        kind: 'engagement_elsewhere',
        subject: key,
        owner: policy.owner,
        detail: JSON.stringify({ eventId: event.eventId }),
        dueAtMs: nowMs + REVIEW_DUE_MS,
      },
    ];
  });
}
