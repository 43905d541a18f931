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
import type { Basis, Decided } from '../handler.ts';
import type { Moment } from '../moment.ts';
import type { DeliveryOutcome } from '../outcome.ts';
import { createYielder } from '../yielder.ts';
import { engagementKey } from './engagement-key.ts';
import { eventChanges } from './event-changes.ts';
import { identityChanges } from './identity-changes.ts';
import type { LockedIdentity } from './known-identity.ts';
import type { LockedRecord } from './lock-record.ts';
import { type ArrivedEvents, type DecidedArrival, decideOrHandOver } from './undecided.ts';
import { introducedReviews, unknownPeopleReviews } from './unknown-people.ts';

type ClaimedFact = ClaimedEvent<RecordEvent>;

/**
 * Decides what record events change. Events of one identity are folded first: each has its own outcome and audit entry,
 * downstream gets one message an account with the final generation. An identity that cannot be decided is handed over to
 * due work; see `decideOrHandOver`.
 *
 * @param moment - read after the locks
 */
export async function decideRecord(
  claimed: readonly ClaimedFact[],
  locked: LockedRecord,
  by: Basis,
  moment: Moment,
): Promise<Decided> {
  const { policy } = by;
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
    const arrived = { identityId, identity, claimed: group, facts };
    const decided = decideOrHandOver(arrived, by, moment, () =>
      decideArrived(arrived, policy, moment),
    );
    parts.push(
      ...decided.changes,
      { reviews: elsewhereReviews(group, locked, policy, nowMs) },
      { resolved: introducedReviews(identityId, identity, events) },
    );
    for (const [at, one] of group.entries()) {
      const outcome = decided.outcomes[at];
      if (outcome !== undefined) outcomes.set(one, outcome);
    }
  }
  return {
    changes: joinChanges(parts),
    outcomes: claimed.flatMap((one) => outcomes.get(one) ?? []),
  };
}

function decideArrived(
  { identityId, identity, claimed, facts }: ArrivedEvents,
  policy: Policy,
  moment: Moment,
): DecidedArrival {
  const { nowMs } = moment;
  const reconciled = reconcileAt(identity, facts, policy, moment);
  const { outcomes, endedReviews } = reconciled;
  const stated = eventChanges({ claimed, facts, identityId, outcomes, policy, nowMs });
  const by = { nowMs, policy, cause: claimed.at(-1)?.event };
  return {
    changes: [
      identityChanges(identity, reconciled, stated.facts, by),
      { audit: clockAudit(identity, reconciled, policy, nowMs) },
      { resolved: [...endedReviews, ...identity.failureReviews] },
      stated,
    ],
    outcomes: facts.map((fact, at) => outcomeOf(fact, outcomes[at]?.disposition, policy)),
  };
}

function outcomeOf(
  fact: Fact,
  disposition: DeliveryOutcome['disposition'] | undefined,
  policy: Policy,
): DeliveryOutcome {
  const undeclared = countUndeclared(fact, policy);
  return {
    disposition: disposition ?? 'applied',
    answer: undefined,
    failure: undefined,
    undeclared,
    undecided: false,
  };
}

/** Decides an identity whose next transition is due: no new fact, only time. */
export function decideDue(identity: LockedIdentity, policy: Policy, moment: Moment): Changes {
  const { nowMs } = moment;
  const reconciled = reconcileAt(identity, [], policy, moment);
  return joinChanges([
    identityChanges(identity, reconciled, [], { nowMs, policy, cause: undefined }),
    { audit: clockAudit(identity, reconciled, policy, nowMs) },
    { resolved: [...reconciled.endedReviews, ...identity.failureReviews] },
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
  { current, known, anew }: LockedIdentity,
  arriving: readonly Fact[],
  policy: Policy,
  { nowMs, epoch }: Moment,
): Reconciled {
  const derivedAtMs = current.derivedAtMs ?? nowMs;
  return reconcile({
    identity: current,
    known: known(),
    arriving,
    anew,
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
