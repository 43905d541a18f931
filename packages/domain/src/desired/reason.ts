/** Why an identity has an entitlement: a rule, as it was then, for an engagement. */
export interface Reason {
  readonly rule: string;
  /** Of the rule when its condition was last known to be true. */
  readonly hash: string;
  readonly source: string;
  readonly engagement: string;
}

/** An entitlement of an identity with its reasons: at least one, sorted. */
export interface AssignedEntitlement {
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
