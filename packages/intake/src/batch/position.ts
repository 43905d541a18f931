import { createHash } from 'node:crypto';
import type { FailureCode } from '@latchkey/contracts';
import type { ProgressRow } from '@latchkey/postgres';
import type { Delivery } from '../steps/delivery.ts';
import type { Batch, BatchDelivery } from './batch.ts';

/** What to do with a batch, by the position in the database. */
export type Position =
  | { readonly kind: 'process'; readonly deliveries: readonly BatchDelivery[] }
  /** All of it was processed before. */
  | { readonly kind: 'done' }
  /** The batch begins after our position: events in between would be skipped. */
  | { readonly kind: 'ahead' }
  /** The partition was stopped earlier and waits for an operator. */
  | { readonly kind: 'stopped' }
  /** The log is not the one that was read; the partition must stop. */
  | { readonly kind: 'stop'; readonly code: FailureCode; readonly detail: string };

/**
 * Compares a batch with the position in the database, which alone counts: not the consumer group's.
 * So a process that has lost its partition, a rebalance, an expired group or a restored database can neither repeat nor skip.
 */
export function positionOf(progress: ProgressRow, batch: Batch): Position {
  if (progress.stoppedCode !== null) return { kind: 'stopped' };
  if (batch.fetchedOffset > progress.nextOffset) return { kind: 'ahead' };
  const differing = differingAnchor(progress, batch);
  if (differing !== undefined) return { kind: 'stop', code: 'LOG_DIFFERS', detail: differing };
  if (batch.nextOffset <= progress.nextOffset) return { kind: 'done' };
  return {
    kind: 'process',
    deliveries: batch.deliveries.filter(({ offset }) => offset >= progress.nextOffset),
  };
}

/** SHA-256 over the key and the value of a record: identifies the record at a position. */
export function digestOf(delivery: Delivery): Buffer {
  const hash = createHash('sha256');
  hash.update(`${delivery.key?.length ?? -1} ${delivery.value?.length ?? -1} `);
  if (delivery.key !== null) hash.update(delivery.key);
  if (delivery.value !== null) hash.update(delivery.value);
  return hash.digest();
}

/** A batch that covers the last processed offset must contain that very record. */
function differingAnchor(progress: ProgressRow, batch: Batch): string | undefined {
  const { lastOffset, lastDigest } = progress;
  if (lastOffset === null || lastDigest === null) return undefined;
  if (batch.fetchedOffset > lastOffset || batch.nextOffset <= lastOffset) return undefined;
  const found = batch.deliveries.find(({ offset }) => offset === lastOffset);
  if (found === undefined) return `the record at offset ${lastOffset} is gone`;
  if (digestOf(found).equals(lastDigest)) return undefined;
  return `the record at offset ${lastOffset} is not the one that was read`;
}
