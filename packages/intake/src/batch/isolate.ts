import type { IntakeContext } from '../steps/context.ts';
import { causeOf, isDataError } from '../steps/data-error.ts';
import { isHalved } from '../steps/halving.ts';
import { type Batch, halvesOf } from './batch.ts';
import type { BatchOutcome } from './outcome.ts';
import { processBatch } from './process-batches.ts';

/**
 * Processes a batch; where an error of the data fails it, halves it until the event at fault is alone and a dead letter. After a
 * few of these in a row the partition stops instead; the database counts them, so that a restart changes nothing and an
 * operator's acceptance begins again. A batch that ran into a time-out is halved, too, until it fits in the time. Every other
 * error is thrown, and so is the time-out of a single event: the caller waits and tries again.
 */
export async function processOrIsolate(
  context: IntakeContext,
  batch: Batch,
): Promise<readonly BatchOutcome[]> {
  try {
    return [await processBatch(context, batch)];
  } catch (error) {
    const isData = isDataError(error);
    if (!isData && !isHalved(error)) throw error;
    if (batch.deliveries.length > 1) return processHalves(context, batch);
    if (!isData) throw error;
    return [await processBatch(context, batch, causeOf(error))];
  }
}

async function processHalves(
  context: IntakeContext,
  batch: Batch,
): Promise<readonly BatchOutcome[]> {
  const all: BatchOutcome[] = [];
  for (const half of halvesOf(batch)) {
    // eslint-disable-next-line no-await-in-loop -- the second half comes after the first
    const outcomes = await processOrIsolate(context, half);
    all.push(...outcomes);
    if (outcomes.some(({ kind }) => kind !== 'processed' && kind !== 'done')) break;
  }
  return all;
}
