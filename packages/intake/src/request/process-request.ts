import type { Family } from '@latchkey/contracts';
import { readNow, readRetainedSince, type Tx } from '@latchkey/postgres';
import type { Changes } from '../steps/changes.ts';
import type { Deciding } from '../steps/deciding.ts';
import type { ReadDelivery } from '../steps/delivery.ts';
import type { DeliveryOutcome } from '../steps/outcome.ts';
import { transact } from '../steps/transact.ts';

/** One delivery that a request brings: it has no position, and its outcome is the answer. */
export interface Request {
  readonly family: Family;
  readonly delivery: ReadDelivery;
}

/**
 * Processes the delivery of a request in the caller's transaction, one request a transaction (see `transact`). A
 * request that is repeated gets the answer of the first one.
 *
 * @param alsoWrite - what the caller writes in the same transaction, once the outcome is known
 */
export async function processRequest(
  tx: Tx,
  { family, delivery }: Request,
  deciding: Deciding,
  alsoWrite: (outcome: DeliveryOutcome, nowMs: number) => Partial<Changes>,
): Promise<DeliveryOutcome> {
  const nowMs = await readNow(tx);
  const retainedSinceMs = await retainedSince(tx, delivery);
  const arrivals = { family, deliveries: [delivery], nowMs, retainedSinceMs };
  const [outcome] = await transact(tx, arrivals, deciding, (outcomes, atMs) =>
    alsoWrite(only(outcomes), atMs),
  );
  return only([outcome]);
}

/** The age of a redriven delivery was judged when it first arrived. */
async function retainedSince(tx: Tx, { origin }: ReadDelivery): Promise<number | null> {
  if (origin.kind === 'operator') return null;
  const [row] = await tx.run(readRetainedSince, {});
  return row?.retainedSinceMs ?? null;
}

function only(outcomes: readonly (DeliveryOutcome | undefined)[]): DeliveryOutcome {
  const [outcome] = outcomes;
  if (outcome === undefined) throw new RangeError('a delivery has no outcome');
  return outcome;
}
