import type { NewReview, ResolvedReview, ReviewToPublish } from '@latchkey/postgres';
import type { Effect } from '../changes.ts';
import { resolutionOf } from './review-ends.ts';

type Announced = Pick<NewReview, 'reviewId' | 'kind' | 'subject' | 'owner' | 'dueAtMs'>;

/** The message that a review was opened. Openings and resolutions alternate: each has every other version. */
export function openedEffect(review: Announced, version: bigint, nowMs: number): Effect {
  return {
    type: 'latchkey.review.opened.v1',
    key: review.reviewId,
    object: review.reviewId,
    generation: (version + 1n) / 2n,
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
    data: {
      review: review.reviewId,
      kind: review.kind,
      subject: review.subject,
      owner: review.owner,
      dueAt: new Date(review.dueAtMs).toISOString(),
    },
  };
}

/** The message that a review was resolved. */
export function resolvedEffect(
  review: ResolvedReview,
  nowMs: number,
  resolution = resolutionOf(review.kind),
): Effect {
  return {
    type: 'latchkey.review.resolved.v1',
    key: review.reviewId,
    object: review.reviewId,
    generation: review.version / 2n,
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
    data: {
      review: review.reviewId,
      kind: review.kind,
      version: Number(review.version),
      subject: review.subject,
      owner: review.owner,
      dueAt: new Date(review.dueAtMs).toISOString(),
      resolution,
    },
  };
}

/** The message that corrects what was published of a review. */
export function restatedReview(review: ReviewToPublish, nowMs: number): Effect {
  if (review.said === 'opened') return openedEffect(review, review.version, nowMs);
  return resolvedEffect(review, nowMs, 'superseded');
}
