import { type Family, familyOfInput, type Read } from '@latchkey/contracts';
import {
  type Advance,
  advanceProgress,
  type LockedProgressRow,
  lockProgress,
} from '@latchkey/postgres';
import type { IntakeContext } from '../steps/context.ts';
import type { ReadDelivery } from '../steps/delivery.ts';
import { GIVEN_UP_BY_OPERATOR, givenUp } from '../steps/give-up.ts';
import { countOutcomes, type DeliveryOutcome } from '../steps/outcome.ts';
import { transact } from '../steps/transact.ts';
import type { Batch, BatchDelivery } from './batch.ts';
import type { BatchOutcome, LockedElsewhere } from './outcome.ts';
import {
  isProcessable,
  leaveUnprocessed,
  type Placed,
  type Processable,
  placesOf,
} from './place.ts';
import { digestOf } from './position.ts';
import { readBatches } from './read-batches.ts';

/**
 * Processes a batch in one transaction: position → claim → lock → decide → apply.
 *
 * Afterwards each delivery from our position on was applied, or was a duplicate, stale, a conflict or a dead letter, is
 * counted as such, and the position is after the batch. Rejected: nothing was written, unless the connection was lost
 * during COMMIT; then the stored position shows whether it committed; the same batch can be processed again either way.
 *
 * @param failed - why the only delivery of the batch could not be applied: it becomes a dead letter, and is counted as
 *   isolated; after too many of these in a row the partition stops instead
 */
export async function processBatch(
  context: IntakeContext,
  batch: Batch,
  failed?: string,
): Promise<BatchOutcome> {
  const [outcome] = await processBatches(context, [batch], failed);
  if (outcome === undefined || outcome.kind === 'locked') {
    throw new Error('the partition has no position yet');
  }
  return outcome;
}

/**
 * Processes batches of different partitions, of inputs of one family, in one transaction: many small ones cost hardly
 * more than one. Of several, a batch is left out whose position another transaction has locked (`locked`).
 *
 * @returns the outcome of each batch, in the order given
 */
export async function processBatches(
  context: IntakeContext,
  batches: readonly Batch[],
  failed?: string,
): Promise<readonly (BatchOutcome | LockedElsewhere)[]> {
  const family = familyOfBatches(batches);
  const reads = await readBatches(batches, context.policy);
  return context.db.transaction(async (tx) => {
    const placed = placesOf(batches, await lockProgress(tx, batches), failed);
    const parts = partsOf(placed, reads, failed);
    const [first] = parts;
    if (first === undefined) return placed.map((one) => leaveUnprocessed(tx, one));
    const { nowMs, retainedSinceMs } = first.progress;
    const deliveries = parts.flatMap((part) => part.deliveries);
    const arrivals = { family, deliveries, nowMs, retainedSinceMs };
    const processed = countsOf(parts, await transact(tx, arrivals, context));
    advanceProgress(
      tx,
      parts.map((part) => advanceOf(part, processed.get(part.placed), failed)),
    );
    return placed.map((one) => processed.get(one) ?? leaveUnprocessed(tx, one));
  });
}

/** A batch that is processed, with its deliveries from our position on. */
interface Part {
  readonly placed: Processable;
  readonly progress: LockedProgressRow;
  readonly deliveries: readonly ReadDelivery[];
}

type Processed = Extract<BatchOutcome, { readonly kind: 'processed' }>;

function familyOfBatches(batches: readonly Batch[]): Family {
  const [family, ...others] = new Set(batches.map(({ input }) => familyOfInput(input)));
  if (family === undefined || others.length > 0) {
    throw new RangeError('expected batches of inputs of one family');
  }
  return family;
}

function partsOf(
  placed: readonly Placed[],
  reads: ReadonlyMap<BatchDelivery, Read>,
  failed: string | undefined,
): readonly Part[] {
  return placed.filter(isProcessable).map((one) => {
    const { progress, position } = one;
    const { topic, partition, epoch, giveUpBefore } = progress;
    const deliveries = position.deliveries.map((delivery): ReadDelivery => {
      const read = reads.get(delivery);
      if (read === undefined) throw new RangeError('a delivery was not read');
      const { offset } = delivery;
      const cause = offset < giveUpBefore ? GIVEN_UP_BY_OPERATOR : failed;
      const origin = { kind: 'kafka', topic, partition, epoch, offset } as const;
      return { delivery, origin, read: cause === undefined ? read : givenUp(read, cause) };
    });
    return { placed: one, progress, deliveries };
  });
}

/** The outcome of each part; `outcomes` are those of all deliveries, one part after the other. */
function countsOf(
  parts: readonly Part[],
  outcomes: readonly DeliveryOutcome[],
): ReadonlyMap<Placed, Processed> {
  let start = 0;
  return new Map(
    parts.map(({ placed, deliveries }) => {
      const own = outcomes.slice(start, start + deliveries.length);
      start += deliveries.length;
      const undeclared = own.reduce((sum, one) => sum + one.undeclared, 0);
      const undecided = own.filter((one) => one.undecided).length;
      return [placed, { kind: 'processed', counts: countOutcomes(own), undeclared, undecided }];
    }),
  );
}

function advanceOf(
  { placed: { batch, position }, progress }: Part,
  processed: Processed | undefined,
  failed: string | undefined,
): Advance {
  if (processed === undefined) throw new RangeError('a batch was not counted');
  const last = position.deliveries.at(-1);
  return {
    topic: batch.topic,
    partition: batch.partition,
    nextOffset: batch.nextOffset,
    lastOffset: last?.offset ?? null,
    lastDigest: last === undefined ? null : digestOf(last),
    isolations: isolationsAfter(progress, processed, failed),
    ...processed.counts,
  };
}

/**
 * Only an event that was decided and stored shows that events can be applied: a duplicate or a conflict is not tried. An
 * undecided event leaves the count as it is. It is no dead letter, so nothing of it is lost if the system is at fault; and
 * where only some events can be stored, and none decided, those must not let the others become dead letters for ever.
 */
function isolationsAfter(
  { isolations }: LockedProgressRow,
  { counts: { applied, stale }, undecided }: Processed,
  failed: string | undefined,
): number {
  if (failed !== undefined) return isolations + 1;
  return applied + stale > undecided ? 0 : isolations;
}
