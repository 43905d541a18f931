import { type InputTopic } from '@latchkey/contracts';
import type { Delivery } from '../steps/delivery.ts';

/** A delivery of an input partition. */
export interface BatchDelivery extends Delivery {
  readonly offset: bigint;
}

const LATEST_MS = Date.UTC(9999, 11, 31);

/**
 * A record's timestamp as an instant from 1970 to 9999. Senders that stamp their records themselves may write any number
 * (nanoseconds, say), and the database has no such instant.
 */
export function clampStampMs(stampMs: number): number {
  return Math.min(Math.max(stampMs, 0), LATEST_MS);
}

/** Deliveries of one input partition, in the order of their offsets. */
export interface Batch {
  /** The topic's name on the broker. */
  readonly topic: string;
  readonly input: InputTopic;
  readonly partition: number;
  /** The first offset of what was read. */
  readonly fetchedOffset: bigint;
  /** The first offset after the batch; offsets between its deliveries have no events. */
  readonly nextOffset: bigint;
  readonly deliveries: readonly BatchDelivery[];
}

/**
 * Splits a batch into consecutive parts of at most `maxEvents` deliveries and `maxBytes` of values. A delivery with a
 * larger value is a part by itself.
 */
export function splitBatch(
  batch: Batch,
  maxEvents: number,
  maxBytes = Number.POSITIVE_INFINITY,
): readonly Batch[] {
  const { deliveries } = batch;
  const parts: Batch[] = [];
  let start = 0;
  let bytes = 0;
  for (const [at, delivery] of deliveries.entries()) {
    const size = bytesOf(delivery);
    const isFull = at - start >= maxEvents || bytes + size > maxBytes;
    if (isFull && at > start) {
      parts.push(partOf(batch, start, at));
      start = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < deliveries.length) parts.push(partOf(batch, start, deliveries.length));
  return parts.length > 0 ? parts : [batch];
}

/** Bytes of a delivery's value, which the limit of a transaction counts. */
export function bytesOf({ value }: Pick<Delivery, 'value'>): number {
  return value === null ? 0 : value.length;
}

/** Splits a batch into halves; a batch of one delivery stays whole. */
export function halvesOf(batch: Batch): readonly Batch[] {
  return splitBatch(batch, Math.ceil(batch.deliveries.length / 2));
}

function partOf(batch: Batch, start: number, end: number): Batch {
  const { deliveries } = batch;
  return {
    ...batch,
    fetchedOffset: start === 0 ? batch.fetchedOffset : (deliveries[start]?.offset ?? 0n),
    nextOffset: deliveries[end]?.offset ?? batch.nextOffset,
    deliveries: deliveries.slice(start, end),
  };
}
