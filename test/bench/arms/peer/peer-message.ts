import { derivedId, type Event, type Read } from '@latchkey/contracts';
import type { Delivery } from '@latchkey/intake';
import type { StoredTransactionalMessage, TransactionalMessage } from 'pg-transactional-outbox';
import type { Claimed, RefusedDelivery } from '../../../../packages/intake/src/claim.ts';

/** Where a delivery came from. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** What the inbox keeps of a delivery. */
interface Payload {
  readonly place: Place;
  readonly offset: string;
  readonly takenAtMs: number;
  readonly event?: object;
  readonly refused?: object;
}

/** A delivery as its inbox has it; validated before, so that the handler has no more to do than ours. */
export function inboxMessage(
  place: Place,
  delivery: Delivery,
  read: Read,
  order: string,
): TransactionalMessage {
  const { offset, takenAtMs } = delivery;
  const at = { place, offset: offset.toString(), takenAtMs };
  const payload: Payload =
    read.kind === 'event'
      ? { ...at, event: packedEvent(read.event) }
      : { ...at, refused: packedRefusal(delivery, read) };
  const coordinates = `${place.topic}/${place.partition}/${offset}`;
  const eventId = read.kind === 'event' ? read.event.eventId : read.claim?.eventId;
  const subject = read.kind === 'event' ? read.event.subject : coordinates;
  return {
    id: derivedId('peer', eventId ?? coordinates),
    aggregateType: place.topic,
    aggregateId: subject,
    messageType: read.kind === 'event' ? read.event.type : 'refused',
    payload,
    ...orderOf(order, place, subject),
  };
}

function orderOf(
  order: string,
  { topic, partition }: Place,
  subject: string,
): Pick<TransactionalMessage, 'segment' | 'concurrency'> {
  switch (order) {
    case 'one':
      return {};
    case 'by-partition':
      return { segment: `${topic}/${partition}` };
    case 'by-subject':
      return { segment: subject };
    case 'none':
      return { concurrency: 'parallel' };
    default:
      throw new RangeError(`PEER_INBOX_ORDER: ${order}`);
  }
}

function packedEvent(event: Event): object {
  const { fingerprint, order, ...rest } = event;
  return { ...rest, fingerprint: fingerprint.toString('hex'), order: order.toString() };
}

function packedRefusal(delivery: Delivery, read: Extract<Read, { kind: 'rejected' }>): object {
  const { rejection, claim, eventId, source, type } = read;
  return {
    rejection,
    eventId,
    source,
    type,
    claimed: claim !== undefined,
    key: delivery.key?.toString('base64'),
    value: delivery.value?.toString('base64'),
    headers: delivery.headers.map(([name, bytes]) => [name, bytes.toString('base64')]),
  };
}

/** What the handler decides: one event, or one refusal. */
export function claimedOf(message: Pick<StoredTransactionalMessage, 'payload'>): Claimed {
  const { place, offset, takenAtMs, event, refused } = message.payload as Payload;
  const delivery = { offset: BigInt(offset), takenAtMs, key: null, value: null, headers: [] };
  const origin = { ...place, epoch: 0 };
  return {
    events: event === undefined ? [] : [{ delivery, origin, event: unpackedEvent(event) }],
    refused: refused === undefined ? [] : [{ ...unpackedRefusal(delivery, refused), origin }],
    duplicates: [],
    contradicting: [],
    conflicts: [],
  };
}

function unpackedEvent(packed: object): Event {
  const { fingerprint, order } = packed as { readonly fingerprint: string; readonly order: string };
  return { ...packed, fingerprint: Buffer.from(fingerprint, 'hex'), order: BigInt(order) } as Event;
}

interface PackedRefusal extends Omit<RefusedDelivery, 'delivery'> {
  readonly key?: string;
  readonly value?: string;
  readonly headers: readonly (readonly [string, string])[];
}

function unpackedRefusal(delivery: Delivery, packed: object): RefusedDelivery {
  const { key, value, headers, ...rest } = packed as PackedRefusal;
  return {
    ...rest,
    delivery: {
      ...delivery,
      key: key === undefined ? null : Buffer.from(key, 'base64'),
      value: value === undefined ? null : Buffer.from(value, 'base64'),
      headers: headers.map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')]),
    },
  };
}
