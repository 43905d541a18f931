import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns } from '../rows.ts';
import { statement } from '../statement.ts';

/** A review that waited for a person until now. */
export interface ResolvedReview {
  readonly reviewId: string;
  readonly kind: string;
  /** Counts what was said of it: 1 where it was opened. */
  readonly version: bigint;
  readonly subject: string;
  readonly owner: string;
  readonly dueAtMs: number;
}

/** The same, with what it was before. */
export interface EndedReview extends ResolvedReview {
  /** `shared`: nothing was said of it; another review counts it. */
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
  const rows = [...new Set(reviewIds)].sort().map((reviewId) => ({ review_id: reviewId }));
  return tx.run(updateResolvedReviews, columnsOf(ID, rows));
}

const ID = { review_id: 'uuid' } as const;

const updateResolvedReviews = statement<RowColumns<typeof ID>, EndedReview>(
  'update_resolved_reviews',
  (p) => sql`
    with ended as (
      select review_id, state, case when state = 'shared' then detail end as detail from review
      where review_id = any (string_to_array(${p.review_id}, E'\\x1f')::uuid[])
        and state in ('open', 'shared')
      order by review_id
      for update
    )
    update review set state = 'resolved',
      generation = review.generation + case when ended.state = 'open' then 1 else 0 end
    from ended where review.review_id = ended.review_id
    returning review.review_id as "reviewId", review.kind, review.generation as version,
      review.subject, review.owner, review.due_at as "dueAtMs", ended.state as before, ended.detail`,
);
