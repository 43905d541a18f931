import type { OutboxMessage } from '@latchkey/postgres';
import type { TransactionalMessage } from 'pg-transactional-outbox';
import type { Place } from './peer-message.ts';

/** Metadata of a message of its outbox. */
export interface OutboxMetadata extends Place {
  readonly headers: Readonly<Record<string, string>>;
}

/** Converts rows of our outbox to messages of its outbox. */
export function outboxMessages(
  rows: readonly OutboxMessage[],
  lanes: ReadonlyMap<number, Place>,
  order: string,
): readonly TransactionalMessage[] {
  return rows.map(({ lane, ceId, key, headers, payload }) => {
    const place = lanes.get(lane);
    if (place === undefined) throw new RangeError('unknown lane');
    const metadata: OutboxMetadata & Record<string, unknown> = { ...place, headers };
    return {
      id: ceId,
      aggregateType: place.topic,
      aggregateId: key,
      messageType: headers['ce_type'] ?? '',
      payload: JSON.parse(payload) as unknown,
      metadata,
      ...segmentOf(order, place, key),
    };
  });
}

function segmentOf(
  order: string,
  { topic, partition }: Place,
  key: string,
): Pick<TransactionalMessage, 'segment'> {
  if (order === 'one') return {};
  return { segment: order === 'by-key' ? `${topic}/${key}` : `${topic}/${partition}` };
}
