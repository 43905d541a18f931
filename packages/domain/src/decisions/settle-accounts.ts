import { type CurrentAccount } from '../desired/account.ts';
import { deriveAccounts } from '../desired/derive.ts';
import { type UnknownCondition } from '../desired/entitlements.ts';
import { findRunningEngagements } from '../desired/running-engagements.ts';
import { type Policy } from '../policy/policy.ts';
import { type EngagementTimeline } from '../record/bridge-gaps.ts';
import { type Difference, diffAccount } from './diff.ts';
import { settleAccount } from './settle-account.ts';

/** One account, before and after. */
export interface SettledAccount {
  readonly before: CurrentAccount | undefined;
  /** With the generation of `before`; 0 for a new one. */
  readonly after: CurrentAccount;
  /** In what is published; sorted. */
  readonly differences: readonly Difference[];
}

/** All accounts of a person at a moment, by target. */
export interface SettledAccounts {
  readonly accounts: readonly SettledAccount[];
  readonly unknown: readonly UnknownCondition[];
}

/** Whose accounts they are, as they are now. */
export interface IdentityAccounts {
  readonly identityId: string;
  readonly externalId: string;
  readonly accounts: readonly CurrentAccount[];
}

/** Derives the desired state of every account and settles it. */
export function settleAccounts(
  { identityId, externalId, accounts }: IdentityAccounts,
  { engagements, blocked }: { engagements: readonly EngagementTimeline[]; blocked: boolean },
  policy: Policy,
  nowMs: number,
): SettledAccounts {
  const running = findRunningEngagements(engagements, policy, nowMs);
  const identity = { identityId, externalId, attributes: running.attributes };
  const settled: SettledAccount[] = [];
  const unknown: UnknownCondition[] = [];
  for (const desired of deriveAccounts(running, blocked, accounts, policy)) {
    const before = accounts.find(({ target }) => target === desired.target);
    const after = settleAccount(desired, before, identity, nowMs);
    unknown.push(...desired.unknown);
    if (after === undefined) continue;
    settled.push({ before, after, differences: diffAccount(before, after) });
  }
  return { accounts: settled, unknown };
}
