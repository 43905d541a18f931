import {
  encodePublishedReviews,
  type PublishedReview,
  type Session,
  settlePublishedReviews,
} from '@latchkey/postgres';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import { readMoment } from '../steps/moment.ts';
import type { Outputs } from '../steps/outputs.ts';
import { restatedReview } from '../steps/reviews/review-effects.ts';

/** Numbers of reviews that were published again, by state. */
export interface RestatedReviews {
  readonly opened: number;
  readonly resolved: number;
}

/**
 * Publishes reviews again that were published in another state than the database has: those that it does not know, or that
 * another review counts, as resolved (`superseded`). In one transaction; run again it publishes nothing.
 *
 * @param published - the last message of each
 */
export function restateReviews(
  session: Pick<Session, 'transaction'>,
  published: readonly PublishedReview[],
  outputs: Outputs,
): Promise<RestatedReviews> {
  return session.transaction(async (tx) => {
    const rows = await tx.run(settlePublishedReviews, encodePublishedReviews(published));
    if (rows.length > 0) {
      await decideAndApply(
        tx,
        outputs,
        async () => ({ locked: rows, moment: await readMoment(tx, outputs) }),
        (locked, { nowMs }) => [{ effects: locked.map((row) => restatedReview(row, nowMs)) }],
      );
    }
    const opened = rows.filter((row) => row.said === 'opened').length;
    return { opened, resolved: rows.length - opened };
  });
}
