import { type Rule, type Target } from '../policy/policy.ts';
import { compareReasons, compareText, type HeldEntitlement, type Reason } from './reason.ts';
import { type Standing } from './standing.ts';

/** A rule whose condition is unknown for an engagement of a source. */
export interface UnknownCondition {
  readonly rule: Rule;
  readonly source: string;
}

/** What shall be held in a target. */
interface DerivedEntitlements {
  /** Sorted by name. */
  readonly entitlements: readonly HeldEntitlement[];
  readonly unknown: readonly UnknownCondition[];
}

/**
 * Derives the entitlements that the rules of a target give to these engagements. An entitlement is desired
 * while at least one reason is active; a reason is active if its condition holds in every reading of the
 * engagement. Where that is unknown nothing is given and nothing is taken: a reason that is held stays as it was.
 */
export function deriveEntitlements(
  { rules }: Target,
  standings: readonly Standing[],
  held: readonly HeldEntitlement[],
): DerivedEntitlements {
  const reasons = new Map<string, Reason[]>();
  const unknown: UnknownCondition[] = [];
  for (const rule of rules) {
    for (const standing of standings) {
      const verdict = judge(rule, standing);
      if (verdict === true) give(reasons, rule, () => reasonOf(rule, standing));
      if (verdict !== 'unknown') continue;
      unknown.push({ rule, source: standing.source });
      give(reasons, rule, (entitlement) => heldReason(held, entitlement, rule, standing));
    }
  }
  return { entitlements: inOrder(reasons), unknown };
}

function give(
  reasons: Map<string, Reason[]>,
  { entitlements }: Rule,
  reasonFor: (entitlement: string) => Reason | undefined,
): void {
  for (const entitlement of entitlements) {
    const reason = reasonFor(entitlement);
    if (reason === undefined) continue;
    const known = reasons.get(entitlement);
    if (known === undefined) reasons.set(entitlement, [reason]);
    else known.push(reason);
  }
}

type Verdict = boolean | 'unknown';

/** Whether a condition holds in every reading, as `&&` of all of them: one that denies it decides. */
function judge({ condition }: Rule, { variants }: Standing): Verdict {
  let verdict: Verdict = variants.length === 0 ? 'unknown' : true;
  if (condition === undefined) return verdict;
  for (const variant of variants) {
    const holds = condition(variant);
    if (holds === false) return false;
    if (holds === 'unknown') verdict = 'unknown';
  }
  return verdict;
}

function reasonOf({ name, hash }: Rule, { source, engagement }: Standing): Reason {
  return { rule: name, hash, source, engagement };
}

function heldReason(
  held: readonly HeldEntitlement[],
  entitlement: string,
  { name }: Rule,
  { source, engagement }: Standing,
): Reason | undefined {
  return held
    .find((known) => known.name === entitlement)
    ?.reasons.find(
      (reason) =>
        reason.rule === name && reason.source === source && reason.engagement === engagement,
    );
}

function inOrder(reasons: ReadonlyMap<string, Reason[]>): readonly HeldEntitlement[] {
  const entitlements: HeldEntitlement[] = [];
  for (const [name, own] of reasons) entitlements.push({ name, reasons: own.sort(compareReasons) });
  return entitlements.sort((one, other) => compareText(one.name, other.name));
}
