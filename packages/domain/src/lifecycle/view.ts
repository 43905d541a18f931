import { type Lifecycle } from '@latchkey/contracts';
import { accountsGoneAt, type CurrentAccount } from '../desired/account.ts';
import { type Policy } from '../policy/policy.ts';
import { isBlocked } from '../record/blocks.ts';
import { bridgeGaps, type EngagementTimeline } from '../record/bridge-gaps.ts';
import { type EngagementRecord } from '../record/engagement.ts';
import { runsAt } from '../record/periods.ts';
import { type AuthoritativeRecord } from '../record/record.ts';
import { lifecycleAt } from './lifecycle.ts';
import { lifecycleSince, type Transition } from './transitions.ts';

/** A record as a policy reads it. */
export interface View {
  readonly record: AuthoritativeRecord;
  /** Gaps bridged. */
  readonly engagements: readonly EngagementTimeline[];
  readonly blocked: boolean;
}

export function viewOf(record: AuthoritativeRecord, policy: Policy): View {
  return {
    record,
    engagements: bridgeGaps([...record.engagements.values()], policy.gapToleranceMs),
    blocked: isBlocked(record.blocks),
  };
}

/** The lifecycle at a moment, the accounts being as they are decided. */
export function lifecycleAfter(
  view: View,
  accounts: readonly CurrentAccount[],
  atMs: number,
): Lifecycle {
  return lifecycleAt({ ...view, accountsGoneMs: accountsGoneAt(accounts) }, atMs);
}

/**
 * The change to the lifecycle as it is now, if it is one, once it is known: effective since the moment in the record, but not before now where
 * something takes effect when it is known (blocks, releases, an immediate end, the deletion of accounts).
 *
 * @param known - the record before the facts that arrived
 */
export function transitionTo(
  view: View,
  accounts: readonly CurrentAccount[],
  { previous, known }: { readonly previous: Transition['previous']; readonly known: View },
  causes: readonly string[],
  nowMs: number,
): readonly Transition[] {
  const situation = { ...view, accountsGoneMs: accountsGoneAt(accounts) };
  const lifecycle = lifecycleAt(situation, nowMs);
  if (lifecycle === previous) return [];
  const whenKnown =
    view.blocked ||
    known.blocked ||
    lifecycle === 'archived' ||
    endsAtOnce(view.record, known.record, nowMs);
  const sinceMs = whenKnown ? undefined : lifecycleSince(situation, nowMs);
  return [{ lifecycle, previous, effectiveAtMs: sinceMs ?? nowMs, causes }];
}

/** Whether an immediate end that was not known before has ended the access of an engagement that runs. */
function endsAtOnce(
  { engagements }: AuthoritativeRecord,
  known: AuthoritativeRecord,
  nowMs: number,
): boolean {
  return engagements.entries().some(([key, engagement]) => {
    const before = known.engagements.get(key);
    if (engagement === before) return false;
    return (
      isOverAtOnce(engagement, nowMs) && !(before !== undefined && isOverAtOnce(before, nowMs))
    );
  });
}

function isOverAtOnce({ periods }: EngagementRecord, nowMs: number): boolean {
  return periods.findLast((period) => runsAt(period, nowMs))?.left?.immediate === true;
}
