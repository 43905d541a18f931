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

/**
 * The lifecycle as it is now, once it is known: effective since the record says so, but not before now where
 * something takes effect when it is known (blocks, releases, an immediate end, the deletion of accounts).
 */
export function transitionTo(
  view: View,
  accounts: readonly CurrentAccount[],
  from: { readonly previous: Transition['previous']; readonly blocked: boolean },
  causes: readonly string[],
  nowMs: number,
): Transition | undefined {
  const situation = { ...view, accountsGoneMs: accountsGoneAt(accounts) };
  const lifecycle = lifecycleAt(situation, nowMs);
  const { previous } = from;
  if (lifecycle === previous) return undefined;
  const whenKnown =
    lifecycle === 'archived' ||
    view.blocked ||
    from.blocked ||
    (lifecycle === 'leaving' && isImmediate(view.record));
  const sinceMs = whenKnown ? nowMs : (lifecycleSince(situation, nowMs) ?? nowMs);
  return { lifecycle, previous, effectiveAtMs: sinceMs, causes };
}

function isImmediate({ engagements }: AuthoritativeRecord): boolean {
  return engagements.values().some(({ periods }) => periods.at(-1)?.left?.immediate === true);
}
