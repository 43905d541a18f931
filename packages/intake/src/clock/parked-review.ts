import { derivedId } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import type { NewReview } from '@latchkey/postgres';
import { REVIEW_DUE_MS } from '../steps/changes.ts';
import { causeOf } from '../steps/data-error.ts';

/** The review of an item that could not be decided when it was due: one for each policy. */
export function parkedReview(
  kind: 'clock_failed' | 'sweep_failed',
  subject: string,
  error: unknown,
  policy: Policy,
  nowMs: number,
): NewReview {
  return {
    reviewId: derivedId('review', kind, subject, policy.hash),
    kind,
    subject,
    owner: policy.owner,
    detail: JSON.stringify({ cause: causeOf(error) }),
    dueAtMs: nowMs + REVIEW_DUE_MS,
  };
}
