import { type Rule, type Target } from '../policy/policy.ts';
import { type AssignedEntitlement, compareReasons, compareText, type Reason } from './reason.ts';
import { type RunningEngagement } from './running-engagements.ts';

/** A rule whose condition is unknown for an engagement of a source. */
export interface UnknownCondition {
  readonly rule: Rule;
  readonly source: string;
}

/** The desired entitlements in a target. */
interface DerivedEntitlements {
  /** Sorted by name. */
  readonly entitlements: readonly AssignedEntitlement[];
  readonly unknown: readonly UnknownCondition[];
}

/**
 * Derives the entitlements that the rules of a target give to these engagements. An entitlement is desired
 * while at least one reason is active; a reason is active if its condition holds in every reading of the
 * engagement. Where that is unknown nothing is granted and nothing is revoked: an existing reason is kept as it was.
 */
export function deriveEntitlements(
  { rules }: Target,
  running: readonly RunningEngagement[],
  held: readonly AssignedEntitlement[],
): DerivedEntitlements {
  const reasons = new Map<string, Reason[]>();
  const unknown: UnknownCondition[] = [];
  for (const rule of rules) {
    for (const engagement of running) {
      const verdict = judge(rule, engagement);
      if (verdict === true) give(reasons, rule, () => reasonOf(rule, engagement));
      if (verdict !== 'unknown') continue;
      unknown.push({ rule, source: engagement.source });
      give(reasons, rule, (entitlement) => keptReason(held, entitlement, rule, engagement));
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
function judge({ condition }: Rule, { variants }: RunningEngagement): Verdict {
  let verdict: Verdict = variants.length === 0 ? 'unknown' : true;
  if (condition === undefined) return verdict;
  for (const variant of variants) {
    const answer = condition(variant);
    if (answer === false) return false;
    if (answer === 'unknown') verdict = 'unknown';
  }
  return verdict;
}

function reasonOf({ name, hash }: Rule, { source, engagement }: RunningEngagement): Reason {
  return { rule: name, hash, source, engagement };
}

function keptReason(
  held: readonly AssignedEntitlement[],
  entitlement: string,
  { name }: Rule,
  { source, engagement }: RunningEngagement,
): Reason | undefined {
  return held
    .find((known) => known.name === entitlement)
    ?.reasons.find(
      (reason) =>
        reason.rule === name && reason.source === source && reason.engagement === engagement,
    );
}

function inOrder(reasons: ReadonlyMap<string, Reason[]>): readonly AssignedEntitlement[] {
  const entitlements: AssignedEntitlement[] = [];
  for (const [name, own] of reasons) entitlements.push({ name, reasons: own.sort(compareReasons) });
  return entitlements.sort((one, other) => compareText(one.name, other.name));
}
