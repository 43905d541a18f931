import { type Read, readDelivery } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import { createYielder } from '../steps/yielder.ts';
import type { Batch, BatchDelivery } from './batch.ts';

/** Reading a value of this size or more is a long step, see `createYielder`. */
const LARGE_BYTES = 32 * 1024;

/** Reads the deliveries of batches. This comes before the first SQL, so that hostile input never reaches it. */
export async function readBatches(
  batches: readonly Batch[],
  { sources }: Policy,
): Promise<ReadonlyMap<BatchDelivery, Read>> {
  const yieldIfDue = createYielder();
  const reads = new Map<BatchDelivery, Read>();
  for (const { deliveries, input } of batches) {
    for (const delivery of deliveries) {
      // eslint-disable-next-line no-await-in-loop -- lets the event loop run
      await yieldIfDue(isLarge(delivery) ? 'long' : undefined);
      reads.set(delivery, readDelivery(delivery, input, sources));
    }
  }
  await yieldIfDue();
  return reads;
}

function isLarge({ value }: BatchDelivery): boolean {
  return value !== null && value.length > LARGE_BYTES;
}
