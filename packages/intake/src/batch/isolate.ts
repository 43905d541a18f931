import { familyOfInput } from '@latchkey/contracts';
import type { IntakeContext } from '../steps/context.ts';
import { isDataError } from '../steps/data-error.ts';
import type { Undecidable } from '../steps/deciding.ts';
import { processorFor } from '../steps/families.ts';
import { isHalved } from '../steps/halving.ts';
import { storeOrGiveUp } from '../steps/store-or-give-up.ts';
import { type Batch, halvesOf } from './batch.ts';
import type { BatchOutcome } from './outcome.ts';
import { processBatch } from './process-batches.ts';

/**
 * Processes a batch; where an error of the data fails it, halves it until the event at fault is alone. If what it states can
 * be stored without a decision, it is applied so, and due work decides; else it is a dead letter. After a few of these in a
 * row the partition stops instead; the database counts them, so that a restart changes nothing and an operator's acceptance
 * begins again. A batch that ran into a time-out is halved, too, until it fits in the time, and so is one with more to read
 * than fits in a transaction. Every other error is thrown, and so is the time-out of a single event: the caller waits and
 * tries again.
 *
 * @param outcomes - the outcome of each part is added once it has committed, so that they are known where a later one fails
 * @returns `outcomes`
 */
export async function processOrIsolate(
  context: IntakeContext,
  batch: Batch,
  outcomes: BatchOutcome[] = [],
): Promise<readonly BatchOutcome[]> {
  try {
    outcomes.push(await processBatch(context, batch));
  } catch (error) {
    if (!isDataError(error) && !isHalved(error)) throw error;
    if (batch.deliveries.length > 1) return processHalves(context, batch, outcomes);
    const { handsOver } = processorFor(familyOfInput(batch.input));
    const store = (undecidable: Undecidable) => processBatch({ ...context, undecidable }, batch);
    const giveUp = (cause: string) => processBatch(context, batch, cause);
    outcomes.push(await storeOrGiveUp(error, { store: handsOver ? store : undefined, giveUp }));
  }
  return outcomes;
}

async function processHalves(
  context: IntakeContext,
  batch: Batch,
  outcomes: BatchOutcome[],
): Promise<readonly BatchOutcome[]> {
  for (const half of halvesOf(batch)) {
    // eslint-disable-next-line no-await-in-loop -- the second half comes after the first
    await processOrIsolate(context, half, outcomes);
    const kind = outcomes.at(-1)?.kind;
    if (kind !== 'processed' && kind !== 'done') break;
  }
  return outcomes;
}
