import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters, selectRows } from '../row-parameters.ts';
import { pickColumns, type RowOf } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';
import { REVIEW } from './review-rows.ts';

const NEW_REVIEW = pickColumns(REVIEW, [
  'reviewId',
  'kind',
  'subject',
  'owner',
  'detail',
  'dueAtMs',
  'state',
]);
const REOPENED = pickColumns(REVIEW, ['reviewId', 'detail', 'dueAtMs']);

export interface NewReview extends Omit<RowOf<typeof NEW_REVIEW>, 'state'> {
  /** `shared`: another review counts it, and nothing is published of it. `open` where it is left out. */
  readonly state?: 'open' | 'shared';
}

/** Inserts reviews and returns the ids of those that did not exist before, in any state. */
export async function openReviews(
  tx: Tx,
  reviews: readonly NewReview[],
): Promise<ReadonlySet<string>> {
  if (reviews.length === 0) return new Set();
  const rows = byId(reviews).map((review) => ({ ...review, state: review.state ?? 'open' }));
  const opened = await tx.run(insertReviews, encodeRows(NEW_REVIEW, rows));
  return new Set(opened.map((row) => row.reviewId));
}

/**
 * Opens those that were resolved again, and returns their versions by id. The caller has locked the subjects of the reviews.
 */
export async function reopenReviews(
  tx: Tx,
  reviews: readonly NewReview[],
): Promise<ReadonlyMap<string, bigint>> {
  if (reviews.length === 0) return new Map();
  const opened = await tx.run(updateResolved, encodeRows(REOPENED, byId(reviews)));
  return new Map(opened.map(({ reviewId, version }) => [reviewId, version]));
}

function byId(reviews: readonly NewReview[]): readonly NewReview[] {
  return reviews.toSorted((a, b) => (a.reviewId < b.reviewId ? -1 : 1));
}

const insertReviews = statement<RowParameters<typeof NEW_REVIEW>, { reviewId: string }>(
  'insert_reviews',
  (p) => sql`
    ${insertRows(NEW_REVIEW, p)}
    on conflict (review_id) do nothing
    returning review_id as "reviewId"`,
);

const updateResolved = statement<
  RowParameters<typeof REOPENED>,
  { reviewId: string; version: bigint }
>(
  'reopen_reviews',
  (p) => sql`
    update review set state = 'open', generation = review.generation + 1, detail = again.detail,
      opened_at = transaction_timestamp(), due_at = again.due_at
    from (${selectRows(REOPENED, p)}) as again
    where review.review_id = again.review_id and review.state = 'resolved'
    returning review.review_id as "reviewId", review.generation as version`,
);
