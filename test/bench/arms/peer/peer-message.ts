import { derivedId, type Event, type Read, type Rejection } from '@latchkey/contracts';
import type { BatchDelivery } from '@latchkey/intake';
import type { StoredTransactionalMessage, TransactionalMessage } from 'pg-transactional-outbox';
import type { ClaimResult } from '../../../../packages/intake/src/steps/claim.ts';
import type { ReadDelivery } from '../../../../packages/intake/src/steps/delivery.ts';

/** Coordinates of a delivery. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A delivery in the inbox. */
interface Payload {
  readonly place: Place;
  readonly offset: string;
  readonly takenAtMs: number;
  readonly event?: object;
  readonly refused?: object;
}

/** Converts a delivery to a message of its inbox. Validates it first, so that its handler has the same work as ours. */
export function inboxMessage(
  place: Place,
  delivery: BatchDelivery,
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

function packedRefusal(delivery: BatchDelivery, read: Extract<Read, { kind: 'rejected' }>): object {
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

/** What the handler processes: a delivery, with the result that claiming it would have. */
export interface ClaimedMessage {
  readonly one: ReadDelivery;
  readonly result: ClaimResult;
}

export function claimedOf(message: Pick<StoredTransactionalMessage, 'payload'>): ClaimedMessage {
  const { place, offset: text, takenAtMs, event: packed, refused } = message.payload as Payload;
  const offset = BigInt(text);
  const delivery = { takenAtMs, key: null, value: null, headers: [] };
  const origin = { kind: 'kafka', ...place, epoch: 0, offset } as const;
  if (refused !== undefined) return unpackedRefusal({ ...delivery, offset }, origin, refused);
  if (packed === undefined) throw new RangeError('neither an event nor a refusal');
  const event = unpackedEvent(packed);
  const one = { delivery, origin, read: { kind: 'event', event } } as const;
  return { one, result: { kind: 'claimed', event } };
}

function unpackedEvent(packed: object): Event {
  const { fingerprint, order } = packed as { readonly fingerprint: string; readonly order: string };
  return { ...packed, fingerprint: Buffer.from(fingerprint, 'hex'), order: BigInt(order) } as Event;
}

interface PackedRefusal {
  readonly rejection: Rejection;
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
  readonly claimed: boolean;
  readonly key?: string;
  readonly value?: string;
  readonly headers: readonly (readonly [string, string])[];
}

function unpackedRefusal(
  delivery: BatchDelivery,
  origin: ReadDelivery['origin'],
  packed: object,
): ClaimedMessage {
  const { key, value, headers, claimed, ...labels } = packed as PackedRefusal;
  const { rejection, eventId } = labels;
  return {
    one: {
      origin,
      read: { kind: 'rejected', ...labels, claim: undefined },
      delivery: {
        ...delivery,
        key: key === undefined ? null : Buffer.from(key, 'base64'),
        value: value === undefined ? null : Buffer.from(value, 'base64'),
        headers: headers.map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')]),
      },
    },
    result: { kind: 'refused', rejection, claimed: claimed ? eventId : undefined },
  };
}
