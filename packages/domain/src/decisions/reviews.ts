import { derivedId } from '@latchkey/contracts';
import { type UnknownCondition } from '../desired/entitlements.ts';
import { type Policy } from '../policy/policy.ts';
import { type EngagementRecord } from '../record/engagement.ts';
import {
  type AuthoritativeRecord,
  ENGAGEMENT_FACTS_MAX_COUNT,
  ENGAGEMENTS_MAX_COUNT,
} from '../record/record.ts';

/** What a person must decide. The id is derived from what it is about, so that it opens once. */
export interface Review {
  readonly reviewId: string;
  readonly kind:
    | 'unknown_condition'
    | 'facts_disputed'
    | 'readings_too_many'
    | 'facts_too_many'
    | 'engagements_too_many';
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

/** What cannot be read for certain of these engagements, and what is beyond its bound. */
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

function engagementReviews(
  identityId: string,
  { source, engagement, reading, statements }: EngagementRecord,
  { owner }: Policy,
): Review[] {
  const key = { source, engagement };
  const reviews: Review[] = [];
  const open = (
    kind: Review['kind'],
    order: string,
    detail: Readonly<Record<string, string | number>>,
  ) => {
    const reviewId = derivedId('review', kind, identityId, source, engagement, order);
    const subject = `${source}#${engagement}`;
    reviews.push({ reviewId, kind, subject, owner, detail: { ...key, ...detail } });
  };
  if (statements.length > ENGAGEMENT_FACTS_MAX_COUNT) {
    open('facts_too_many', '', { limit: ENGAGEMENT_FACTS_MAX_COUNT });
  }
  if (reading !== 'certain') {
    // Another tie is another question.
    const order = lastTie(statements).toString();
    open(reading === 'held' ? 'readings_too_many' : 'facts_disputed', order, { order });
  }
  return reviews;
}

/** The highest order at which more than one statement stands. */
function lastTie(statements: EngagementRecord['statements']): bigint {
  const last = statements.findLast(({ order }, at) => statements[at - 1]?.order === order);
  return last?.order ?? 0n;
}
