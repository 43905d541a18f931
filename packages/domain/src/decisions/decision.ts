import {
  type AccountDecision,
  type ChangeReason,
  type LifecycleDecision,
} from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import { publishedReasons, type Reason } from '../desired/reason.ts';
import { type Transition } from '../lifecycle/transitions.ts';
import { type Policy } from '../policy/policy.ts';
import { type Difference } from './diff.ts';

/** Why something changes, and because of which events. */
export interface Attribution {
  readonly reason: ChangeReason;
  /** Qualified event ids. */
  readonly causes: readonly string[];
}

/** A difference with what brought it about. */
export interface AccountDifference extends Difference, Attribution {}

/** What changes, why, and who answers for it. */
export type Decision = LifecycleDecision | AccountDecision;

export function lifecycleDecision(
  { lifecycle, previous, effectiveAtMs, causes }: Transition,
  { owner }: Policy,
): LifecycleDecision {
  const effectiveAt = new Date(effectiveAtMs).toISOString();
  return { kind: 'lifecycle', owner, from: previous, to: lifecycle, effectiveAt, causes };
}

/** The owner of a rule answers for what it gives, the owner of a target for its accounts. */
export function accountDecision(
  { kind, entitlement, reason, causes }: AccountDifference,
  before: CurrentAccount | undefined,
  after: CurrentAccount,
  policy: Policy,
): AccountDecision {
  const { target, accountId } = after;
  if (entitlement === undefined) {
    const owner = policy.targetsByName.get(target)?.owner ?? policy.owner;
    return { kind, owner, target, accountId, reason, causes };
  }
  const reasons = reasonsFor(kind === 'revoke' ? before : after, entitlement);
  const owner = ownerOf(reasons, entitlement, policy);
  const rules = publishedReasons(reasons);
  return { kind, owner, target, accountId, entitlement, reason, rules, causes };
}

function reasonsFor(account: CurrentAccount | undefined, entitlement: string): readonly Reason[] {
  return account?.entitlements.find(({ name }) => name === entitlement)?.reasons ?? [];
}

function ownerOf(reasons: readonly Reason[], entitlement: string, policy: Policy): string {
  const rule = reasons[0] === undefined ? undefined : policy.rules.get(reasons[0].rule);
  return rule?.owner ?? policy.entitlements.get(entitlement)?.owner ?? policy.owner;
}
