import { type Outputs, type RestatedReviews, restateReviews } from '@latchkey/intake';
import type { SaidReview, Session } from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { dataIn } from './data-in.ts';

const MAX_REVIEWS_AT_ONCE = 500;

/**
 * Publishes reviews again that were published in another state than the database has. Events that are read again need not
 * bring them about: many unknown leavers in one batch share one, and who became known in it has none. Consumers would keep them
 * open.
 */
export class ReviewSettling {
  readonly byPartition = new Map<number, RestatedReviews>();
  readonly #session: Pick<Session, 'transaction'>;
  readonly #outputs: Outputs;

  constructor(session: Pick<Session, 'transaction'>, outputs: Outputs) {
    this.#session = session;
    this.#outputs = outputs;
  }

  /** @param records - of what the database lost */
  async take(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    const reviews = [...new Map(records.flatMap(reviewIn)).values()];
    for (let at = 0; at < reviews.length; at += MAX_REVIEWS_AT_ONCE) {
      const some = reviews.slice(at, at + MAX_REVIEWS_AT_ONCE);
      // eslint-disable-next-line no-await-in-loop -- part by part
      const { opened, resolved } = await restateReviews(this.#session, some, this.#outputs);
      const before = this.byPartition.get(partition) ?? { opened: 0, resolved: 0 };
      const sum = { opened: before.opened + opened, resolved: before.resolved + resolved };
      this.byPartition.set(partition, sum);
    }
  }
}

/** By its id; none where it is no message about a review. */
function reviewIn(record: PublishedRecord): readonly (readonly [string, SaidReview])[] {
  const resolved = dataIn('latchkey.review.resolved.v1', record);
  const data = resolved ?? dataIn('latchkey.review.opened.v1', record);
  if (data === undefined) return [];
  const { review: reviewId, kind = 'unknown', subject, owner, dueAt } = data;
  // Opened and resolved take turns: each of the two is every other version.
  const version = resolved?.version ?? 2 * Number(record.generation) - 1;
  const said = { reviewId, kind, subject, owner, dueAtMs: Date.parse(dueAt) };
  return [[reviewId, { ...said, version: BigInt(version) }]];
}
