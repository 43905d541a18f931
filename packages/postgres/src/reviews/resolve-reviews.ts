import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { pickColumns, type RowOf, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { REVIEW, REVIEW_ID } from './review-rows.ts';

const RESOLVED = pickColumns(REVIEW, [
  'reviewId',
  'kind',
  'version',
  'subject',
  'owner',
  'dueAtMs',
]);

/** A review that was open until now. */
export type ResolvedReview = RowOf<typeof RESOLVED>;

/** The same, with what it was before. */
export interface EndedReview extends ResolvedReview {
  /** `shared`: nothing was published of it; another review counts it. */
  readonly before: 'open' | 'shared';
  /** JSON text of an object, where it was shared. */
  readonly detail: string | null;
}

/** Resolves those of these reviews that are open or shared, in the order of their ids, and returns them. */
export async function resolveReviews(
  tx: Tx,
  reviewIds: readonly string[],
): Promise<readonly EndedReview[]> {
  if (reviewIds.length === 0) return [];
  const rows = [...new Set(reviewIds)].sort().map((reviewId) => ({ reviewId }));
  return tx.run(updateResolvedReviews, encodeRows(REVIEW_ID, rows));
}

const updateResolvedReviews = statement<RowParameters<typeof REVIEW_ID>, EndedReview>(
  'update_resolved_reviews',
  (p) => sql`
    with ended as (
      select review_id, state, case when state = 'shared' then detail end as detail from review
      where review_id = any (string_to_array(${p.reviewId}, E'\\x1f')::uuid[])
        and state in ('open', 'shared')
      order by review_id
      for update
    )
    update review set state = 'resolved',
      generation = review.generation + case when ended.state = 'open' then 1 else 0 end
    from ended where review.review_id = ended.review_id
    returning ${selectColumns(RESOLVED)}, ended.state as before, ended.detail`,
);
