import type { Batch } from '@latchkey/intake';
import type { ConsumedBatch } from '@latchkey/kafka';

/**
 * A batch as a consumer fetches it.
 *
 * @param timestampMs - of its records; by default when they were stamped
 */
export function consumedBatch(batch: Batch, timestampMs?: number): ConsumedBatch {
  const { topic, partition, fetchedOffset, nextOffset, deliveries } = batch;
  const records = deliveries.map(({ takenAtMs, ...record }) => ({
    ...record,
    timestampMs: timestampMs ?? takenAtMs,
  }));
  return { topic, partition, fetchedOffset, nextOffset, records };
}
