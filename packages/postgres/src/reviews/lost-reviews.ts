import { sql } from 'kysely';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { type RowOf, rowSpec } from '../row-spec.ts';
import { statement } from '../statement.ts';

const SAID = rowSpec(
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

/** The last that was said of a review, as a message tells it. */
export type SaidReview = RowOf<typeof SAID>;

/** What is to be said of a review now. */
export interface ReviewToSay extends SaidReview {
  readonly said: 'opened' | 'resolved';
}

/** @param reviews - at most one row of a review */
export function saidReviewColumns(reviews: readonly SaidReview[]): RowParameters<typeof SAID> {
  return encodeRows(
    SAID,
    reviews.toSorted((a, b) => (a.reviewId < b.reviewId ? -1 : 1)),
  );
}

/**
 * Makes the versions of reviews higher than what was said of them, and returns those of which something else was said than
 * is known, as it is to be said now. One that is not known, or only counted by another, is resolved.
 */
export const settleSaidReviews = statement<RowParameters<typeof SAID>, ReviewToSay>(
  'settle_said_reviews',
  (p) => sql`
    with said as (${selectRows(SAID, p)}),
    known as (
      select review_id, state, generation from review
      where review_id in (select review_id from said)
      order by review_id
      for no key update
    ),
    made as (
      insert into review (review_id, kind, subject, owner, detail, due_at, state, generation)
      select review_id, kind, subject, owner, '{}', due_at, 'resolved', version + version % 2
      from said where review_id not in (select review_id from known)
      order by review_id
      on conflict (review_id) do nothing
      returning review_id, state, generation
    ),
    raised as (
      update review set generation = said.version + case
        when known.state = 'open' then (said.version + 1) % 2 else said.version % 2 end
      from known join said on said.review_id = known.review_id
      where review.review_id = known.review_id and known.generation <= said.version
      returning review.review_id, review.state, review.generation
    )
    select said.review_id as "reviewId", said.kind, said.subject, said.owner, said.due_at as "dueAtMs",
      settled.generation as version, case settled.state when 'open' then 'opened' else 'resolved' end as said
    from (select * from made union all select * from raised) as settled
    join said on said.review_id = settled.review_id
    where settled.generation > said.version
    order by said.review_id`,
);
