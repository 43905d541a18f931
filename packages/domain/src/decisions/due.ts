import { type Lifecycle } from '@latchkey/contracts';
import { accountsGoneAt } from '../desired/account.ts';
import { nextMomentAfter } from '../lifecycle/next-moment.ts';
import { causesBetween, type Transition, transitionsBetween } from '../lifecycle/transitions.ts';
import { type View } from '../lifecycle/view.ts';
import { type Policy } from '../policy/policy.ts';
import { segmentAt } from '../record/timeline.ts';
import { type IdentityAccounts, type SettledAccounts, settleAccounts } from './settle-accounts.ts';

/** What time alone has changed, as if no fact had arrived. */
export interface Due {
  /** In effective order. */
  readonly transitions: readonly Transition[];
  /** Accounts as they are at the end; `undefined`: no moment has passed at which anything was due. */
  readonly settled: SettledAccounts | undefined;
  /** Events that caused what became due; sorted. */
  readonly causes: readonly string[];
}

/** An identity as it was decided at `derivedAtMs`. */
export interface Decided extends IdentityAccounts {
  readonly lifecycle: Lifecycle | undefined;
  readonly derivedAtMs: number | undefined;
}

const NOTHING: Due = { transitions: [], settled: undefined, causes: [] };

/** Finds what became due after an identity was decided, up to and with `nowMs`. */
export function findDue(identity: Decided, known: View, policy: Policy, nowMs: number): Due {
  const { lifecycle, derivedAtMs, accounts } = identity;
  if (lifecycle === undefined || derivedAtMs === undefined) return NOTHING;
  const nextMs = nextMoment(known, accounts, derivedAtMs);
  if (nextMs === undefined || nextMs > nowMs) return NOTHING;
  const situation = { ...known, accountsGoneMs: accountsGoneAt(accounts) };
  return {
    transitions: transitionsBetween(situation, lifecycle, derivedAtMs, nowMs),
    settled: settleAccounts(identity, known, policy, nowMs),
    causes: causesOfDue(known, derivedAtMs, nowMs),
  };
}

/** The earliest moment after `afterMs` at which anything could be decided differently, without a new fact. */
export function nextMoment(
  { record, engagements }: View,
  accounts: IdentityAccounts['accounts'],
  afterMs: number,
): number | undefined {
  // A bridged end does not change access, but the dates of the engagement that operators read.
  const all = [...record.engagements.values(), ...engagements];
  return nextMomentAfter(all, accounts, afterMs);
}

/** The causes of a deletion are the events that led to the present state. */
function causesOfDue({ engagements }: View, afterMs: number, throughMs: number): readonly string[] {
  const causes = causesBetween(engagements, afterMs, throughMs);
  if (causes.length > 0) return causes;
  const present = engagements.flatMap(
    ({ timeline }) => segmentAt(timeline, throughMs)?.causes ?? [],
  );
  return [...new Set(present)].sort();
}
