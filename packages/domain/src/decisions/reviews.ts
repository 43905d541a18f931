import { derivedId } from '@latchkey/contracts';
import { type UnknownCondition } from '../desired/entitlements.ts';
import { type Policy } from '../policy/policy.ts';
import { type EngagementRecord, factCountOf, lastTieOf } from '../record/engagement.ts';
import { type Fact, isBlockFact } from '../record/fact.ts';
import {
  type AuthoritativeRecord,
  ENGAGEMENT_FACTS_MAX_COUNT,
  ENGAGEMENTS_MAX_COUNT,
  engagementKeyOf,
} from '../record/record.ts';

/** What a person must decide. The id is derived from what it is about, so that it opens once. */
export interface Review {
  readonly reviewId: string;
  readonly kind:
    | 'unknown_condition'
    | 'facts_disputed'
    | 'readings_too_many'
    | 'facts_too_many'
    | 'engagements_too_many'
    | 'fact_below_pruned';
  /** A rule, an engagement as `<source>#<engagement>`, or an identity. */
  readonly subject: string;
  readonly owner: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** One for each rule and source, however many people it concerns. */
export function unknownReviews(unknown: readonly UnknownCondition[]): readonly Review[] {
  const reviews = new Map<string, Review>();
  for (const { rule, source } of unknown) {
    const reviewId = derivedId('review', 'unknown_condition', rule.hash, source);
    const { name, hash, owner } = rule;
    const detail = { rule: name, hash, source };
    reviews.set(reviewId, { reviewId, kind: 'unknown_condition', subject: name, owner, detail });
  }
  return [...reviews.values()];
}

/** Reviews of these engagements: disputed readings, and bounds that are exceeded. */
export function recordReviews(
  identityId: string,
  record: AuthoritativeRecord,
  touched: ReadonlySet<EngagementRecord>,
  policy: Policy,
): readonly Review[] {
  const reviews = [...touched].flatMap((known) => engagementReviews(identityId, known, policy));
  const count = record.engagements.size;
  if (touched.size > 0 && count > ENGAGEMENTS_MAX_COUNT) {
    const kind = 'engagements_too_many';
    const reviewId = derivedId('review', kind, identityId);
    const detail = { limit: ENGAGEMENTS_MAX_COUNT };
    reviews.push({ reviewId, kind, subject: identityId, owner: policy.owner, detail });
  }
  return reviews;
}

/** Facts that came after older and newer ones of their engagement were pruned: one for each engagement. */
export function prunedReviews(
  identityId: string,
  facts: readonly Fact[],
  { owner }: Policy,
): readonly Review[] {
  const reviews = new Map<string, Review>();
  for (const fact of facts) {
    if (isBlockFact(fact)) continue;
    const { source, engagement } = fact;
    const kind = 'fact_below_pruned';
    const reviewId = derivedId('review', kind, identityId, source, engagement);
    const subject = `${source}#${engagement}`;
    const detail = { source, engagement, order: fact.order.toString() };
    reviews.set(reviewId, { reviewId, kind, subject, owner, detail });
  }
  return [...reviews.values()];
}

/**
 * Ids of reviews that may be open about how these engagements were read, and are not needed any more: other facts have
 * decided, or another tie is in question now. Sorted.
 *
 * @param known - the record before the facts that touched them
 * @param open - reviews that are needed now
 */
export function endedReviews(
  identityId: string,
  known: AuthoritativeRecord,
  touched: ReadonlySet<EngagementRecord>,
  open: readonly Review[],
): readonly string[] {
  const needed = new Set(open.map(({ reviewId }) => reviewId));
  const asked = [...touched].flatMap(({ source, engagement }) => {
    const before = known.engagements.get(engagementKeyOf(source, engagement));
    return before === undefined ? [] : askedOf(identityId, before);
  });
  return asked.filter((reviewId) => !needed.has(reviewId)).sort();
}

const READING_KINDS = ['facts_disputed', 'readings_too_many'] as const;

/** Whether reviews of a kind end with facts that arrive, and open again with others. */
export function isDecidedByFacts(kind: string): boolean {
  return READING_KINDS.some((known) => known === kind);
}

/**
 * Reviews that may have been opened while tied facts were read as they were then: by this policy or another one,
 * which may have counted other attributes.
 */
function askedOf(identityId: string, known: EngagementRecord): readonly string[] {
  const ties = new Set([known.through.all.tie, lastTieOf(known)]);
  return [...ties].flatMap((tie) => {
    if (tie === undefined) return [];
    return READING_KINDS.map((kind) => readingReviewId(identityId, kind, known, tie));
  });
}

function readingReviewId(
  identityId: string,
  kind: Review['kind'],
  { source, engagement }: EngagementRecord,
  tie: bigint,
): string {
  return derivedId('review', kind, identityId, source, engagement, tie.toString());
}

function engagementReviews(
  identityId: string,
  known: EngagementRecord,
  { owner }: Policy,
): Review[] {
  const { source, engagement, reading } = known;
  const subject = `${source}#${engagement}`;
  const reviews: Review[] = [];
  if (factCountOf(known) > ENGAGEMENT_FACTS_MAX_COUNT) {
    const kind = 'facts_too_many';
    const reviewId = derivedId('review', kind, identityId, source, engagement, '');
    const detail = { source, engagement, limit: ENGAGEMENT_FACTS_MAX_COUNT };
    reviews.push({ reviewId, kind, subject, owner, detail });
  }
  const { tie } = known.through.all;
  if (reading !== 'certain' && tie !== undefined) {
    const kind = reading === 'held' ? 'readings_too_many' : 'facts_disputed';
    // Another tie is another question.
    const reviewId = readingReviewId(identityId, kind, known, tie);
    const detail = { source, engagement, order: tie.toString() };
    reviews.push({ reviewId, kind, subject, owner, detail });
  }
  return reviews;
}
