import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';
import type { ResolvedReview } from './resolve-reviews.ts';

/** A review that counts many, as it is. */
export interface SharedReviewRow extends ResolvedReview {
  readonly state: 'open' | 'resolved';
  /** JSON text of an object. */
  readonly detail: string;
}

/** Locks reviews that count many, in the order of their ids. */
export async function lockReviews(
  tx: Tx,
  reviewIds: readonly string[],
): Promise<readonly SharedReviewRow[]> {
  if (reviewIds.length === 0) return [];
  const rows = [...new Set(reviewIds)].sort().map((reviewId) => ({ review_id: reviewId }));
  return tx.run(selectReviewsForUpdate, columnsOf(ID, rows));
}

const ID = { review_id: 'uuid' } as const;

const selectReviewsForUpdate = statement<RowColumns<typeof ID>, SharedReviewRow>(
  'select_reviews_for_update',
  (p) => sql`
    select review_id as "reviewId", kind, generation as version, subject, owner,
      due_at as "dueAtMs", state, detail
    from review
    where review_id = any (string_to_array(${p.review_id}, E'\\x1f')::uuid[])
    order by review_id
    for no key update`,
);

/** Saves reviews that this transaction has locked. One that is open again was opened now. */
export function saveSharedReviews(tx: Tx, reviews: readonly SharedReviewRow[]): void {
  if (reviews.length === 0) return;
  const rows = reviews.map((review) => ({
    review_id: review.reviewId,
    state: review.state,
    generation: review.version,
    detail: review.detail,
    due_at: review.dueAtMs,
  }));
  tx.finally(updateSharedReviews, columnsOf(SAVED, rows));
}

const SAVED = {
  review_id: 'uuid',
  state: 'text',
  generation: 'bigint',
  detail: 'text',
  due_at: 'ms',
} as const;

const updateSharedReviews = statement<RowColumns<typeof SAVED>, object>(
  'update_shared_reviews',
  (p) => sql`
    update review set state = saved.state, generation = saved.generation, detail = saved.detail,
      due_at = saved.due_at,
      opened_at = case when review.state = 'resolved' and saved.state = 'open'
        then transaction_timestamp() else review.opened_at end
    from (${selectRows(SAVED, p)}) as saved
    where review.review_id = saved.review_id`,
);
