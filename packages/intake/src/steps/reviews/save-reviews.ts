import {
  type NewReview,
  openReviews,
  reopenReviews,
  resolveReviews,
  type Tx,
} from '@latchkey/postgres';
import type { Changes, Effect } from '../changes.ts';
import { openedEffect, resolvedEffect } from './review-effects.ts';
import { opensAgain } from './review-ends.ts';
import { settleShared } from './shared-reviews.ts';

/**
 * Opens, opens again and resolves reviews. Those that are open already, or resolved already, stay as they are.
 *
 * @returns the messages that announce what has changed
 */
export async function saveReviews(
  tx: Tx,
  { reviews, resolved, shared }: Pick<Changes, 'reviews' | 'resolved' | 'shared'>,
  nowMs: number,
): Promise<readonly Effect[]> {
  const wanted = distinct(reviews);
  const settled = wanted.filter(({ kind }) => opensAgain(kind));
  const [opened, reopened] = await Promise.all([
    openReviews(tx, wanted),
    reopenReviews(tx, settled),
  ]);
  const ended = await resolveReviews(tx, resolved);
  const common = await settleShared(tx, shared, opened, ended);
  return [
    ...wanted.flatMap((review) => {
      if (review.state === 'shared') return [];
      const version = opened.has(review.reviewId) ? 1n : reopened.get(review.reviewId);
      return version === undefined ? [] : [openedEffect(review, version, nowMs)];
    }),
    ...common.opened.map((review) => openedEffect(review, review.version, nowMs)),
    ...ended
      .filter(({ before }) => before === 'open')
      .map((review) => resolvedEffect(review, nowMs)),
    ...common.resolved.map((review) => resolvedEffect(review, nowMs)),
  ];
}

function distinct(reviews: readonly NewReview[]): readonly NewReview[] {
  return [...new Map(reviews.map((review) => [review.reviewId, review])).values()];
}
