import { derivedId } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import type { NewReview } from '@latchkey/postgres';
import { REVIEW_DUE_MS } from '../steps/changes.ts';
import { causeOf } from '../steps/data-error.ts';
import type { DueKind } from './due-kind.ts';

type ReviewKind = DueKind['reviewKind'];

/** The review of an item that could not be decided when it was due: one for each policy. */
export function workReview(
  kind: ReviewKind,
  itemId: string,
  error: unknown,
  policy: Policy,
  nowMs: number,
): NewReview {
  return {
    reviewId: workReviewId(kind, itemId, policy.hash),
    kind,
    subject: itemId,
    owner: policy.owner,
    detail: JSON.stringify({ cause: causeOf(error) }),
    dueAtMs: nowMs + REVIEW_DUE_MS,
  };
}

/** The reviews of an item that is decided at last. */
export function workReviewIds(
  kind: ReviewKind,
  itemId: string,
  failedUnder: readonly string[],
): readonly string[] {
  const policies = new Set(failedUnder.map((release) => release.split(' ', 1)[0] ?? ''));
  return [...policies].map((hash) => workReviewId(kind, itemId, hash));
}

function workReviewId(kind: ReviewKind, itemId: string, policyHash: string): string {
  return derivedId('review', kind, itemId, policyHash);
}
