import { type Outputs, type RestatedReviews, restateReviews } from '@latchkey/intake';
import type { PublishedReview, Session } from '@latchkey/postgres';
import type { PublishedRecord } from '@latchkey/publication';
import { parseMessage } from '../parse-message.ts';

const MAX_REVIEWS_AT_ONCE = 500;

/**
 * Publishes reviews again whose published state differs from the database's. Reading the events again need not do it: many
 * unknown leavers of one batch share a review, and those who became known in the batch have none. Consumers would keep
 * these reviews open.
 */
export class ReviewRepublisher {
  readonly byPartition = new Map<number, RestatedReviews>();
  readonly #session: Pick<Session, 'transaction'>;
  readonly #outputs: Outputs;

  constructor(session: Pick<Session, 'transaction'>, outputs: Outputs) {
    this.#session = session;
    this.#outputs = outputs;
  }

  /** @param records - messages that the database lost */
  async republish(partition: number, records: readonly PublishedRecord[]): Promise<void> {
    const reviews = [...new Map(records.flatMap(parseReview)).values()];
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

/** The review with its id; empty where the message is not about a review. */
function parseReview(record: PublishedRecord): readonly (readonly [string, PublishedReview])[] {
  const resolved = parseMessage('latchkey.review.resolved.v1', record);
  const data = resolved ?? parseMessage('latchkey.review.opened.v1', record);
  if (data === undefined) return [];
  const { review: reviewId, kind = 'unknown', subject, owner, dueAt } = data;
  // Versions alternate between opened and resolved.
  const version = resolved?.version ?? 2 * Number(record.generation) - 1;
  const published = { reviewId, kind, subject, owner, dueAtMs: Date.parse(dueAt) };
  return [[reviewId, { ...published, version: BigInt(version) }]];
}
