import { type Policy, type Target } from '../policy/policy.ts';
import { type CurrentAccount } from './account.ts';
import { deriveEntitlements, type UnknownCondition } from './entitlements.ts';
import { type HeldEntitlement } from './reason.ts';
import { type Standings } from './standing.ts';

/** What one account shall be. */
export interface DesiredAccount {
  readonly target: string;
  /**
   * `enabled`: it is needed. `disabled`: it is needed again once nobody blocks or suspends; made only then.
   * `none`: nothing speaks for it; what there is of it is disabled, and deleted later.
   */
  readonly wanted: 'enabled' | 'disabled' | 'none';
  /** Sorted by name; empty if and only if `none` is wanted. */
  readonly entitlements: readonly HeldEntitlement[];
  readonly unknown: readonly UnknownCondition[];
  /** `undefined`: the policy does not know the target any more, so nobody knows when to delete. */
  readonly deleteAfterMs: number | undefined;
}

/** What every account of a person shall be, by target: those of the policy and those that there are. */
export function deriveAccounts(
  standings: Standings,
  blocked: boolean,
  current: readonly CurrentAccount[],
  policy: Policy,
): readonly DesiredAccount[] {
  const desired = policy.targets.map((target) => {
    const account = current.find((known) => known.target === target.name);
    return deriveAccount(target, standings, blocked, account);
  });
  for (const { target } of current) {
    if (!policy.targetsByName.has(target)) desired.push(forgotten(target));
  }
  return desired;
}

/**
 * Engagements that rules see decide. Where they give nothing, suspended ones still speak for the account, but
 * do not enable it.
 */
function deriveAccount(
  target: Target,
  { seen, paused }: Standings,
  blocked: boolean,
  current: CurrentAccount | undefined,
): DesiredAccount {
  const { name, deleteAfterMs } = target;
  const held = current?.entitlements ?? [];
  const given = deriveEntitlements(target, seen, held);
  if (given.entitlements.length > 0) {
    return { ...given, target: name, wanted: blocked ? 'disabled' : 'enabled', deleteAfterMs };
  }
  const kept = paused.length === 0 ? given : deriveEntitlements(target, paused, held);
  const wanted = kept.entitlements.length > 0 ? 'disabled' : 'none';
  const unknown = kept === given ? given.unknown : [...given.unknown, ...kept.unknown];
  return { target: name, wanted, entitlements: kept.entitlements, unknown, deleteAfterMs };
}

function forgotten(target: string): DesiredAccount {
  return { target, wanted: 'none', entitlements: [], unknown: [], deleteAfterMs: undefined };
}
