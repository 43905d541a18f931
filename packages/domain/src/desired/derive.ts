import { type Policy, type Target } from '../policy/policy.ts';
import { type CurrentAccount } from './account.ts';
import { deriveEntitlements, type UnknownCondition } from './entitlements.ts';
import { type AssignedEntitlement } from './reason.ts';
import { type RunningEngagements } from './running-engagements.ts';

/** The desired state of one account. */
export interface DesiredAccount {
  readonly target: string;
  /**
   * `enabled`: it is needed. `disabled`: it is needed again once the block or suspension ends; created only then.
   * `none`: no rule gives it; an existing account is disabled, and deleted later.
   */
  readonly wanted: 'enabled' | 'disabled' | 'none';
  /** Sorted by name; empty if and only if `none` is wanted. */
  readonly entitlements: readonly AssignedEntitlement[];
  readonly unknown: readonly UnknownCondition[];
  /** `undefined`: the policy does not contain the target any more, so there is no time to delete it. */
  readonly deleteAfterMs: number | undefined;
}

/** The desired state of every account of a person, by target: those of the policy and existing ones. */
export function deriveAccounts(
  running: RunningEngagements,
  blocked: boolean,
  current: readonly CurrentAccount[],
  policy: Policy,
): readonly DesiredAccount[] {
  const desired = policy.targets.map((target) => {
    const account = current.find((known) => known.target === target.name);
    return deriveAccount(target, running, blocked, account);
  });
  for (const { target } of current) {
    if (!policy.targetsByName.has(target)) desired.push(forgotten(target));
  }
  return desired;
}

/**
 * Engagements that rules see decide. Where they give nothing, suspended ones still keep the account, but
 * do not enable it.
 */
function deriveAccount(
  target: Target,
  { seen, paused }: RunningEngagements,
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
