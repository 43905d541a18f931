import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { matchKey, pickColumns, type RowOf, selectColumns, setColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { REVIEW, REVIEW_ID } from './review-rows.ts';

/** A review that counts many, as it is. */
export interface SharedReviewRow extends RowOf<typeof REVIEW> {
  readonly state: 'open' | 'resolved';
}

/** Locks reviews that count many, in the order of their ids. */
export async function lockReviews(
  tx: Tx,
  reviewIds: readonly string[],
): Promise<readonly SharedReviewRow[]> {
  if (reviewIds.length === 0) return [];
  const rows = [...new Set(reviewIds)].sort().map((reviewId) => ({ reviewId }));
  return tx.run(selectReviewsForUpdate, encodeRows(REVIEW_ID, rows));
}

const selectReviewsForUpdate = statement<RowParameters<typeof REVIEW_ID>, SharedReviewRow>(
  'select_reviews_for_update',
  (p) => sql`
    select ${selectColumns(REVIEW)}
    from review
    where review_id = any (string_to_array(${p.reviewId}, E'\\x1f')::uuid[])
    order by review_id
    for no key update`,
);

/** Saves reviews that this transaction has locked. One that is open again was opened now. */
export function saveSharedReviews(tx: Tx, reviews: readonly SharedReviewRow[]): void {
  if (reviews.length === 0) return;
  tx.finally(updateSharedReviews, encodeRows(SAVED, reviews));
}

const SAVED = pickColumns(REVIEW, ['reviewId', 'state', 'version', 'detail', 'dueAtMs']);

const updateSharedReviews = statement<RowParameters<typeof SAVED>, object>(
  'update_shared_reviews',
  (p) => sql`
    update review set ${setColumns(SAVED, 'saved')},
      opened_at = case when review.state = 'resolved' and saved.state = 'open'
        then transaction_timestamp() else review.opened_at end
    from (${selectRows(SAVED, p)}) as saved
    where ${matchKey(SAVED, 'saved')}`,
);
