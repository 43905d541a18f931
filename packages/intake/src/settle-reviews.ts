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

/** How many reviews were published again, by state. */
export interface SettledReviews {
  readonly opened: number;
  readonly resolved: number;
}

/**
 * Publishes reviews again that were published in another state than the database has: those that it does not know, or that
 * another review counts, are resolved (`superseded`). In one transaction; done again it publishes nothing.
 *
 * @param said - the last message of each
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
