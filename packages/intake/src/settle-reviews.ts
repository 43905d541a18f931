import {
  type SaidReview,
  type Session,
  saidReviewColumns,
  settleSaidReviews,
} from '@latchkey/postgres';
import { announcedEffect, apply } from './apply.ts';
import { joinChanges } from './changes.ts';
import { readMoment } from './moment.ts';
import type { Outputs } from './outputs.ts';

/** What was said of reviews again. */
export interface SettledReviews {
  readonly opened: number;
  readonly resolved: number;
}

/**
 * Says of reviews what is known of them, where messages that the database has forgotten said something else: those that it does
 * not know, or that another review counts, are resolved (`superseded`). In one transaction; done again it says nothing.
 *
 * @param said - the last that was said of each; a bounded number
 */
export function settleSaid(
  session: Pick<Session, 'transaction'>,
  said: readonly SaidReview[],
  outputs: Outputs,
): Promise<SettledReviews> {
  return session.transaction(async (tx) => {
    const rows = await tx.run(settleSaidReviews, saidReviewColumns(said));
    if (rows.length > 0) {
      const { nowMs } = await readMoment(tx, outputs);
      const effects = rows.map((row) => announcedEffect(row, nowMs));
      await apply(tx, joinChanges([{ effects }]), outputs, nowMs);
    }
    const opened = rows.filter((row) => row.said === 'opened').length;
    return { opened, resolved: rows.length - opened };
  });
}
