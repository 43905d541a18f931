import { type Lifecycle } from '@latchkey/contracts';
import { accountsGoneAt, type CurrentAccount } from '../desired/account.ts';
import { type Policy } from '../policy/policy.ts';
import { isBlocked } from '../record/blocks.ts';
import { type AuthoritativeRecord } from '../record/record.ts';
import { bridgeGaps, type EngagementTimeline } from './bridge-gaps.ts';
import { lifecycleAt } from './lifecycle.ts';
import { lifecycleSince, type Transition } from './transitions.ts';

/** What a record says, under a policy. */
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
 * The change to the lifecycle as it is now, if it is one, once it is known: effective since the record says so, but not before now where
 * something takes effect when it is known (blocks, releases, an immediate end, the deletion of accounts).
 */
export function transitionTo(
  view: View,
  accounts: readonly CurrentAccount[],
  from: { readonly previous: Transition['previous']; readonly blocked: boolean },
  causes: readonly string[],
  nowMs: number,
): readonly Transition[] {
  const situation = { ...view, accountsGoneMs: accountsGoneAt(accounts) };
  const lifecycle = lifecycleAt(situation, nowMs);
  const { previous } = from;
  if (lifecycle === previous) return [];
  const whenKnown = view.blocked || from.blocked || isWhenKnown(lifecycle, view.record);
  const sinceMs = whenKnown ? undefined : lifecycleSince(situation, nowMs);
  return [{ lifecycle, previous, effectiveAtMs: sinceMs ?? nowMs, causes }];
}

function isWhenKnown(lifecycle: Lifecycle, { engagements }: AuthoritativeRecord): boolean {
  if (lifecycle !== 'leaving') return lifecycle === 'archived';
  return engagements.values().some(({ periods }) => periods.at(-1)?.left?.immediate === true);
}
