import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns } from '../rows.ts';
import { statement } from '../statement.ts';

/** A review that was open until now. */
export interface ResolvedReview {
  readonly reviewId: string;
  readonly kind: string;
  /** Counts what was said of it: 1 where it was opened. */
  readonly version: bigint;
  readonly subject: string;
  readonly owner: string;
  readonly dueAtMs: number;
}

/** Resolves those of these reviews that are open, in the order of their ids, and returns them. */
export async function resolveReviews(
  tx: Tx,
  reviewIds: readonly string[],
): Promise<readonly ResolvedReview[]> {
  if (reviewIds.length === 0) return [];
  const rows = [...new Set(reviewIds)].sort().map((reviewId) => ({ review_id: reviewId }));
  return tx.run(updateResolvedReviews, columnsOf(ID, rows));
}

const ID = { review_id: 'uuid' } as const;

const updateResolvedReviews = statement<RowColumns<typeof ID>, ResolvedReview>(
  'update_resolved_reviews',
  (p) => sql`
    with open as (
      select review_id from review
      where review_id = any (string_to_array(${p.review_id}, E'\\x1f')::uuid[]) and state = 'open'
      order by review_id
      for update
    )
    update review set state = 'resolved', generation = review.generation + 1
    from open where review.review_id = open.review_id
    returning review.review_id as "reviewId", review.kind, review.generation as version,
      review.subject, review.owner, review.due_at as "dueAtMs"`,
);
