import { type ChangeKind, type ChangeReason, type Lifecycle } from '@latchkey/contracts';
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

/** One line of the audit trail: what must happen, why, and who answers for it. JSON. */
export type Decision =
  | {
      readonly kind: 'lifecycle';
      readonly owner: string;
      readonly from: Lifecycle | null;
      readonly to: Lifecycle;
      /** RFC 3339. */
      readonly effectiveAt: string;
      readonly causes: readonly string[];
    }
  | {
      readonly kind: ChangeKind;
      readonly owner: string;
      readonly target: string;
      readonly accountId: string;
      readonly entitlement?: string;
      readonly reason: ChangeReason;
      /** Rules at their hash: those that speak for the entitlement now; of a `revoke`, those that did. */
      readonly rules?: readonly { readonly rule: string; readonly hash: string }[];
      readonly causes: readonly string[];
    };

export function lifecycleDecision(
  { lifecycle, previous, effectiveAtMs, causes }: Transition,
  { owner }: Policy,
): Decision {
  const effectiveAt = new Date(effectiveAtMs).toISOString();
  return { kind: 'lifecycle', owner, from: previous, to: lifecycle, effectiveAt, causes };
}

/** The owner of a rule answers for what it gives, the owner of a target for its accounts. */
export function accountDecision(
  { kind, entitlement, reason, causes }: AccountDifference,
  before: CurrentAccount | undefined,
  after: CurrentAccount,
  policy: Policy,
): Decision {
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
