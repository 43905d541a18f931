import { type InputTopic, type RawDelivery } from '@latchkey/contracts';

/** One arrival of an event at an input partition. */
export interface Delivery extends RawDelivery {
  readonly offset: bigint;
  /** When the broker stamped it, in milliseconds since 1970; see `takenAtOf`. */
  readonly takenAtMs: number;
}

const LATEST_MS = Date.UTC(9999, 11, 31);

/**
 * A record's stamp as an instant from 1970 to 9999. Where senders stamp their records themselves they
 * write any number (nanoseconds, say), and the database knows no such instant.
 */
export function takenAtOf(stampMs: number): number {
  return Math.min(Math.max(stampMs, 0), LATEST_MS);
}

/** Where a delivery came from: within an epoch an offset names one record. */
export interface Origin {
  /** The topic's name on the broker. */
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
}

/** Deliveries of one input partition, in the order of their offsets. */
export interface Batch {
  /** The topic's name on the broker. */
  readonly topic: string;
  readonly input: InputTopic;
  readonly partition: number;
  /** The offset that was asked for: everything from there to `nextOffset` was read. */
  readonly fetchedOffset: bigint;
  /** The first offset behind the batch; what lies between the deliveries holds no events. */
  readonly nextOffset: bigint;
  readonly deliveries: readonly Delivery[];
}

/**
 * The same batch in parts of at most `maxEvents` deliveries and `maxBytes` of values, one behind the
 * other. A delivery with a larger value is a part of its own.
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

/** What a delivery counts of the bytes that a transaction may hold. */
export function bytesOf({ value }: Pick<Delivery, 'value'>): number {
  return value === null ? 0 : value.length;
}

/** The batch as two halves. A batch of one delivery has none. */
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
