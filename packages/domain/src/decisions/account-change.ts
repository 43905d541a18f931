import { type ChangeKind, type ChangeReason, nextGeneration } from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import { type View } from '../lifecycle/view.ts';
import { type Policy } from '../policy/policy.ts';
import { type Fact } from '../record/fact.ts';
import { type AttributionOf, createAttribution } from './attribution.ts';
import { accountDecision, type Decision } from './decision.ts';
import { sameAccount } from './diff.ts';
import { type Due } from './due.ts';
import { type SettledAccount, type SettledAccounts } from './settle-accounts.ts';

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

/** What is published of an account, and the decisions that caused it. */
export interface DecidedChange {
  readonly change: AccountChange;
  /** What was due anyway. */
  readonly clock: readonly Decision[];
  /** What arriving facts, or another policy, brought about. */
  readonly arrived: readonly Decision[];
}

/** Applied facts, the record without and with them, and the epoch to count in. */
interface Arrived {
  readonly facts: readonly Fact[];
  readonly known: View;
  readonly view: View;
  readonly epoch: number;
}

/** Whether an account is to be saved but not published. */
export function isQuietChange({ before, after, differences }: SettledAccount): boolean {
  return differences.length === 0 && before !== undefined && !sameAccount(before, after);
}

/** The next generation of every account of which something published differs; by target. */
export function decideChanges(
  settled: SettledAccounts,
  due: Due,
  arrived: Arrived,
  policy: Policy,
): readonly DecidedChange[] {
  const changed = settled.accounts.filter(({ differences }) => differences.length > 0);
  if (changed.length === 0) return [];
  const attributionOf = createAttribution(due, {
    facts: arrived.facts,
    blockedBefore: arrived.known.blocked,
    blockedAfter: arrived.view.blocked,
  });
  return changed.map((account) => decideChange(account, attributionOf, arrived.epoch, policy));
}

function decideChange(
  { before, after, differences }: SettledAccount,
  attributionOf: AttributionOf,
  epoch: number,
  policy: Policy,
): DecidedChange {
  const attributed = differences.map((difference) => ({
    ...difference,
    ...attributionOf(after.target, difference),
  }));
  const decided = (isClock: boolean): readonly Decision[] =>
    attributed
      .filter(({ reason }) => (reason === 'clock') === isClock)
      .map((difference) => accountDecision(difference, before, after, policy));
  return {
    change: {
      before,
      after: { ...after, generation: nextGeneration(after.generation, epoch) },
      changes: attributed.map(({ kind, entitlement, reason }) =>
        entitlement === undefined ? { kind, reason } : { kind, entitlement, reason },
      ),
      causes: [...new Set(attributed.flatMap(({ causes }) => causes))].sort(),
    },
    clock: decided(true),
    arrived: decided(false),
  };
}
