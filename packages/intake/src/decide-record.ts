import { derivedId } from '@latchkey/contracts';
import {
  countUndeclared,
  type Fact,
  factOf,
  type Policy,
  type Reconciled,
  reconcile,
} from '@latchkey/domain';
import type { AuditEntry, NewReview } from '@latchkey/postgres';
import type { Origin } from './batch.ts';
import { breather } from './breather.ts';
import { type Changes, joinChanges, REVIEW_DUE_MS } from './changes.ts';
import { eventChanges } from './event-changes.ts';
import { identityChanges } from './identity-changes.ts';
import {
  type ClaimedRecordEvent,
  engagementKey,
  type LockedIdentity,
  type LockedRecord,
} from './lock-record.ts';
import type { Moment } from './moment.ts';
import { introducedReviews, strangerReviews } from './strangers.ts';

/** What record events change, and which of them were stale. */
export interface RecordDecided {
  readonly changes: Changes;
  readonly stale: readonly ClaimedRecordEvent[];
  /** By where they came from: attribute values that no rule can see, because the policy does not declare them. */
  readonly undeclared: ReadonlyMap<Origin, number>;
}

/**
 * Decides what record events change. Events of one identity are folded first: each gets its own
 * outcome and audit entry, downstream gets one message an account with the final generation.
 *
 * @param moment - read after the locks
 */
export async function decideRecord(
  claimed: readonly ClaimedRecordEvent[],
  locked: LockedRecord,
  policy: Policy,
  moment: Moment,
): Promise<RecordDecided> {
  const { nowMs } = moment;
  const groups = Map.groupBy(claimed, ({ event }) => locked.identityOf.get(event));
  const parts: Partial<Changes>[] = [strangerReviews(locked.strangers, policy, nowMs)];
  const breathe = breather();
  const stale: ClaimedRecordEvent[] = [];
  const undeclared = new Map<Origin, number>();
  for (const [identityId, group] of groups) {
    // eslint-disable-next-line no-await-in-loop -- a turn for others, now and then
    await breathe();
    const identity = locked.identities.get(identityId ?? '');
    if (identityId === undefined || identity === undefined)
      throw new RangeError('an identity was not locked');
    const events = group.map(({ event }) => event);
    const facts = events.map(factOf);
    const reconciled = reconcileAt(identity, facts, policy, moment);
    parts.push(
      identityChanges(identity, reconciled, { nowMs, cause: events.at(-1) }),
      { audit: clockAudit(identity, reconciled, policy, nowMs) },
      { resolved: reconciled.endedReviews },
      eventChanges(group, facts, identityId, reconciled, policy, nowMs),
      { reviews: elsewhereReviews(group, locked, policy, nowMs) },
      { resolved: introducedReviews(identityId, identity, events) },
    );
    stale.push(...group.filter((_, at) => reconciled.outcomes[at]?.disposition === 'stale'));
    noteUndeclared(undeclared, group, policy, facts);
  }
  return { changes: joinChanges(parts), stale, undeclared };
}

function noteUndeclared(
  undeclared: Map<Origin, number>,
  group: readonly ClaimedRecordEvent[],
  policy: Policy,
  facts: readonly Fact[],
): void {
  for (const [at, { origin }] of group.entries()) {
    const fact = facts[at];
    const count = fact === undefined ? 0 : countUndeclared(fact, policy);
    if (count > 0) undeclared.set(origin, (undeclared.get(origin) ?? 0) + count);
  }
}

/** Decides an identity whose next transition is due: no new fact, only time. */
export function decideDue(identity: LockedIdentity, policy: Policy, moment: Moment): Changes {
  const { nowMs } = moment;
  const reconciled = reconcileAt(identity, [], policy, moment);
  return joinChanges([
    identityChanges(identity, reconciled, { nowMs, cause: undefined }),
    { audit: clockAudit(identity, reconciled, policy, nowMs) },
  ]);
}

/** What became due is on record as the clock's, also where an event brought it to light. */
function clockAudit(
  { current }: LockedIdentity,
  { clockDecisions }: Reconciled,
  policy: Policy,
  nowMs: number,
): readonly AuditEntry[] {
  if (clockDecisions.length === 0) return [];
  return [
    {
      decidedAtMs: nowMs,
      subjectKind: 'identity',
      subjectId: current.identityId,
      trigger: 'clock',
      eventId: undefined,
      decider: `policy:${policy.hash}`,
      owner: clockDecisions[0]?.owner ?? policy.owner,
      decisions: JSON.stringify(clockDecisions),
    },
  ];
}

/** A slow transaction must not decide with an older clock than a fast one before it. */
function reconcileAt(
  { current, facts }: LockedIdentity,
  arriving: readonly Fact[],
  policy: Policy,
  { nowMs, epoch }: Moment,
): Reconciled {
  const derivedAtMs = current.derivedAtMs ?? nowMs;
  return reconcile({
    identity: current,
    facts,
    arriving,
    policy,
    nowMs: Math.max(nowMs, derivedAtMs),
    epoch,
  });
}

/** The same engagement under another subject: one of the two is a mistake that a person must find. */
function elsewhereReviews(
  claimed: readonly ClaimedRecordEvent[],
  { holders }: LockedRecord,
  policy: Policy,
  nowMs: number,
): readonly NewReview[] {
  return claimed.flatMap(({ event }) => {
    if (!('engagement' in event.data)) return [];
    const key = engagementKey(event.source, event.data.engagement);
    if (holders.get(key) === event.subject) return [];
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
