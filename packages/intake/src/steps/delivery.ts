import type { RawDelivery, Read } from '@latchkey/contracts';

/** One arrival of an event. */
export interface Delivery extends RawDelivery {
  /** When the broker stamped it, in milliseconds since 1970. Deadlines count by this. */
  readonly takenAtMs: number;
}

/** A record of an input topic. Within an epoch of the partition an offset names one record. */
export interface KafkaOrigin {
  readonly kind: 'kafka';
  /** The topic's name on the broker. */
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: bigint;
}

/** An operator redrives a dead letter. */
export interface OperatorOrigin {
  readonly kind: 'operator';
  readonly operator: string;
  /** Where the delivery came from before it was a dead letter. */
  readonly redriven: KafkaOrigin;
}

/** Where a delivery comes from. The clock is a trigger of decisions and no origin: it delivers nothing. */
export type Origin = KafkaOrigin | OperatorOrigin;

/** A delivery, and what was read from it. */
export interface ReadDelivery {
  readonly delivery: Delivery;
  readonly origin: Origin;
  readonly read: Read;
}

/** The record of an input topic by which a delivery first came. */
export function firstOrigin(origin: Origin): KafkaOrigin {
  return origin.kind === 'kafka' ? origin : origin.redriven;
}

/**
 * The record that a dead letter or a conflict keeps; undefined where the delivery is kept already, as the dead letter
 * that is redriven.
 */
export function recordToKeep(origin: Origin): KafkaOrigin | undefined {
  switch (origin.kind) {
    case 'kafka':
      return origin;
    case 'operator':
      return undefined;
  }
}
