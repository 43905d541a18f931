import { type ChangeReason, type Lifecycle, nextGeneration } from '@latchkey/contracts';
import { type CurrentAccount } from '../desired/account.ts';
import { type Transition } from '../lifecycle/transitions.ts';
import { type Policy } from '../policy/policy.ts';
import { type Fact } from '../record/fact.ts';
import { type AccountChange } from './account-change.ts';
import { accountDecision, type Decision, lifecycleDecision } from './decision.ts';

/** An identity that could not be decided, as it was decided last, and the facts that have arrived. */
export interface Undecided {
  readonly identity: {
    /** `undefined`: never decided. */
    readonly lifecycle: Lifecycle | undefined;
    /** Of the last lifecycle message; 0: none. */
    readonly generation: bigint;
    readonly accounts: readonly CurrentAccount[];
  };
  readonly arriving: readonly Fact[];
  /** Names who answers for the accounts. Nothing is derived from it. */
  readonly policy: Policy;
  readonly nowMs: number;
  /** The epoch of new generations. */
  readonly epoch: number;
}

/** What must be saved and published so that a person has no access. */
export interface DisabledAccess {
  /** One message each. */
  readonly accounts: readonly AccountChange[];
  /** One message; `undefined`: the last one says already that there is no access. */
  readonly lifecycle: (Transition & { readonly generation: bigint }) | undefined;
  /** The lifecycle first, then the accounts. */
  readonly decisions: readonly Decision[];
  /** The security facts that ask for it, by event id; sorted. Empty: access stays as it is. */
  readonly causes: readonly string[];
}

/**
 * Disables every account of an identity where a security block or an immediate end has arrived but cannot be decided: no
 * account is enabled afterwards, and what the person holds stays listed. Decided again, it changes nothing. Only a
 * decision about all facts enables an account again.
 */
export function disableUndecided({
  identity,
  arriving,
  policy,
  nowMs,
  epoch,
}: Undecided): DisabledAccess {
  const security = arriving.filter(endsAccessAtOnce);
  if (security.length === 0) return NOTHING;
  const causes = security.map(({ eventId }) => eventId).sort();
  const reason = security.some(({ kind }) => kind === 'blocked') ? 'block' : 'leaver';
  const accounts = identity.accounts
    .filter(({ state }) => state === 'enabled')
    .map((before) => disabled(before, { reason, causes }, nowMs, epoch));
  const transition = suspends(identity.lifecycle)
    ? suspension(identity.lifecycle, causes, nowMs)
    : undefined;
  return {
    accounts,
    lifecycle: transition && {
      ...transition,
      generation: nextGeneration(identity.generation, epoch),
    },
    decisions: [
      ...(transition === undefined ? [] : [lifecycleDecision(transition, policy)]),
      ...accounts.map(({ before, after }) =>
        accountDecision(
          { kind: 'disable', entitlement: undefined, reason, causes },
          before,
          after,
          policy,
        ),
      ),
    ],
    causes,
  };
}

const NOTHING: DisabledAccess = { accounts: [], lifecycle: undefined, decisions: [], causes: [] };

/** Lifecycles that give no access. `pre_active` is none of them: it promises access from a start on. */
const WITHOUT_ACCESS: ReadonlySet<Lifecycle> = new Set([
  'suspended',
  'leaving',
  'inactive',
  'archived',
]);

function suspends(lifecycle: Lifecycle | undefined): boolean {
  return lifecycle === undefined || !WITHOUT_ACCESS.has(lifecycle);
}

function endsAccessAtOnce(fact: Fact): boolean {
  return fact.kind === 'blocked' || (fact.kind === 'left' && fact.data.immediate === true);
}

function disabled(
  before: CurrentAccount,
  { reason, causes }: { readonly reason: ChangeReason; readonly causes: readonly string[] },
  nowMs: number,
  epoch: number,
): AccountChange {
  return {
    before,
    after: {
      ...before,
      state: 'disabled',
      disabledAtMs: nowMs,
      generation: nextGeneration(before.generation, epoch),
    },
    changes: [{ kind: 'disable', reason }],
    causes,
  };
}

function suspension(
  previous: Lifecycle | undefined,
  causes: readonly string[],
  nowMs: number,
): Transition {
  return { lifecycle: 'suspended', previous: previous ?? null, effectiveAtMs: nowMs, causes };
}
