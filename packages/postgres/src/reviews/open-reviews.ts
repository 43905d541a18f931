import { sql } from 'kysely';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';

export interface NewReview {
  readonly reviewId: string;
  readonly kind: string;
  readonly subject: string;
  readonly owner: string;
  /** JSON text of an object. */
  readonly detail: string;
  readonly dueAtMs: number;
  /** `shared`: another review counts it, and nothing is said of it. `open` where it is left out. */
  readonly state?: 'open' | 'shared';
}

/** Makes reviews and returns the ids of those that were not there before, in whatever state. */
export async function openReviews(
  tx: Tx,
  reviews: readonly NewReview[],
): Promise<ReadonlySet<string>> {
  if (reviews.length === 0) return new Set();
  const opened = await tx.run(insertReviews, columnsOf(NEW_REVIEW, rowsOf(reviews)));
  return new Set(opened.map((row) => row.reviewId));
}

/**
 * Opens those that were resolved once more, and returns their versions by id. Only for reviews of something that
 * this transaction has locked.
 */
export async function reopenReviews(
  tx: Tx,
  reviews: readonly NewReview[],
): Promise<ReadonlyMap<string, bigint>> {
  if (reviews.length === 0) return new Map();
  const opened = await tx.run(updateResolved, columnsOf(REVIEW, rowsOf(reviews)));
  return new Map(opened.map(({ reviewId, version }) => [reviewId, version]));
}

function rowsOf(reviews: readonly NewReview[]) {
  return reviews
    .toSorted((a, b) => (a.reviewId < b.reviewId ? -1 : 1))
    .map((review) => ({
      review_id: review.reviewId,
      kind: review.kind,
      subject: review.subject,
      owner: review.owner,
      detail: review.detail,
      due_at: review.dueAtMs,
      state: review.state ?? 'open',
    }));
}

const REVIEW = {
  review_id: 'uuid',
  kind: 'text',
  subject: 'text',
  owner: 'text',
  detail: 'text',
  due_at: 'ms',
} as const;

const NEW_REVIEW = { ...REVIEW, state: 'text' } as const;

const insertReviews = statement<RowColumns<typeof NEW_REVIEW>, { reviewId: string }>(
  'insert_reviews',
  (p) => sql`
    insert into review (review_id, kind, subject, owner, detail, due_at, state)
    select review_id, kind, subject, owner, detail, due_at, state
    from (${selectRows(NEW_REVIEW, p)}) as opened order by ordinal
    on conflict (review_id) do nothing
    returning review_id as "reviewId"`,
);

const updateResolved = statement<RowColumns<typeof REVIEW>, { reviewId: string; version: bigint }>(
  'reopen_reviews',
  (p) => sql`
    update review set state = 'open', generation = review.generation + 1, detail = again.detail,
      opened_at = transaction_timestamp(), due_at = again.due_at
    from (${selectRows(REVIEW, p)}) as again
    where review.review_id = again.review_id and review.state = 'resolved'
    returning review.review_id as "reviewId", review.generation as version`,
);
