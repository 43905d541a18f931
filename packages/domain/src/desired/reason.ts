/** Why an entitlement is held: a rule, as it read then, for an engagement. */
export interface Reason {
  readonly rule: string;
  /** Of the rule when it was last known to hold. */
  readonly hash: string;
  readonly source: string;
  readonly engagement: string;
}

/** An entitlement with the reasons for which it is held: at least one, sorted. */
export interface HeldEntitlement {
  readonly name: string;
  readonly reasons: readonly Reason[];
}

/** A reason as downstream sees it. */
interface PublishedReason {
  readonly rule: string;
  readonly hash: string;
}

/** Reasons as they are published: without the engagements, each once, sorted. */
export function publishedReasons(reasons: readonly Reason[]): PublishedReason[] {
  const published: PublishedReason[] = [];
  for (const { rule, hash } of reasons) {
    if (!published.some((other) => other.rule === rule && other.hash === hash)) {
      published.push({ rule, hash });
    }
  }
  return published;
}

/** By rule, source, engagement. */
export function compareReasons(one: Reason, other: Reason): number {
  return (
    compareText(one.rule, other.rule) ||
    compareText(one.source, other.source) ||
    compareText(one.engagement, other.engagement)
  );
}

/** By UTF-16 code units. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
