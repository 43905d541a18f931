import { sql } from 'kysely';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const PUBLISHED = rowSpec(
  'review',
  {
    reviewId: 'uuid',
    kind: 'text',
    subject: 'text',
    owner: 'text',
    dueAtMs: 'ms',
    /** Odd: it is open; even: it is resolved. */
    version: 'bigint',
  },
  { key: ['reviewId'] },
);

/** A review as the last message about it states it. */
export type PublishedReview = RowOf<typeof PUBLISHED>;

/** What must be published about a review now. */
export interface ReviewToPublish extends PublishedReview {
  readonly said: 'opened' | 'resolved';
}

/** @param reviews - at most one row of a review */
export function encodePublishedReviews(
  reviews: readonly PublishedReview[],
): RowParameters<typeof PUBLISHED> {
  return encodeRows(
    PUBLISHED,
    reviews.toSorted((a, b) => (a.reviewId < b.reviewId ? -1 : 1)),
  );
}

/**
 * Raises the versions of reviews above the published ones, and returns the reviews whose published state differs from the
 * stored one, as they must be published now. A review that is not stored, or that another one counts, is resolved.
 */
export const settlePublishedReviews = statement<RowParameters<typeof PUBLISHED>, ReviewToPublish>(
  'settle_said_reviews',
  (p) => sql`
    with published as (${selectRows(PUBLISHED, p)}),
    known as (
      select review_id, state, generation from review
      where review_id in (select review_id from published)
      order by review_id
      for no key update
    ),
    made as (
      insert into review (review_id, kind, subject, owner, detail, due_at, state, generation)
      select review_id, kind, subject, owner, '{}', due_at, 'resolved', version + version % 2
      from published where review_id not in (select review_id from known)
      order by review_id
      on conflict (review_id) do nothing
      returning review_id, state, generation
    ),
    raised as (
      update review set generation = published.version + case
        when known.state = 'open' then (published.version + 1) % 2 else published.version % 2 end
      from known join published on published.review_id = known.review_id
      where review.review_id = known.review_id and known.generation <= published.version
      returning review.review_id, review.state, review.generation
    )
    select published.review_id as "reviewId", published.kind, published.subject, published.owner, published.due_at as "dueAtMs",
      settled.generation as version, case settled.state when 'open' then 'opened' else 'resolved' end as said
    from (select * from made union all select * from raised) as settled
    join published on published.review_id = settled.review_id
    where settled.generation > published.version
    order by published.review_id`,
);
