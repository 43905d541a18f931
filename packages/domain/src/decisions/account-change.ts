import { type ChangeKind, type ChangeReason } from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import { type Policy } from '../policy/policy.ts';
import { type Attribute } from './attribute.ts';
import { accountDecision, type Decision } from './decision.ts';
import { sameAccount } from './diff.ts';
import { type SettledAccount } from './settle-accounts.ts';

/** An account to publish. */
export interface AccountChange {
  readonly before: CurrentAccount | undefined;
  /** With the generation of its message. */
  readonly after: CurrentAccount;
  /** Sorted; at least one. */
  readonly changes: readonly {
    readonly kind: ChangeKind;
    /** Of `grant` and `revoke`; and of `update` where the reasons for it changed. */
    readonly entitlement?: string;
    readonly reason: ChangeReason;
  }[];
  /** Qualified event ids; sorted. */
  readonly causes: readonly string[];
}

/** What is published of an account, and the decisions behind it. */
interface DecidedChange {
  readonly change: AccountChange;
  /** What was due anyway. */
  readonly clock: readonly Decision[];
  /** What arriving facts, or another policy, brought about. */
  readonly arrived: readonly Decision[];
}

/** Whether an account is to be saved but not published. */
export function isQuietChange({ before, after, differences }: SettledAccount): boolean {
  return differences.length === 0 && before !== undefined && !sameAccount(before, after);
}

/** The next generation of an account of which something published differs. */
export function decideChange(
  { before, after, differences }: SettledAccount,
  attribute: Attribute,
  policy: Policy,
): DecidedChange {
  const attributed = differences.map((difference) => ({
    ...difference,
    ...attribute(after.target, difference),
  }));
  const changes = attributed.map(({ kind, entitlement, reason }) =>
    entitlement === undefined ? { kind, reason } : { kind, entitlement, reason },
  );
  const causes = [...new Set(attributed.flatMap((difference) => difference.causes))].sort();
  const next = { ...after, generation: after.generation + 1n };
  const decided = (isClock: boolean): readonly Decision[] =>
    attributed
      .filter(({ reason }) => (reason === 'clock') === isClock)
      .map((difference) => accountDecision(difference, before, after, policy));
  return {
    change: { before, after: next, changes, causes },
    clock: decided(true),
    arrived: decided(false),
  };
}
