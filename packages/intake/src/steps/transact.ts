import type { Family } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import { apply } from './apply.ts';
import { type Changes, joinChanges } from './changes.ts';
import { type ClaimedEvent, type Claiming, type ClaimResult, claim } from './claim.ts';
import { conflictsOf } from './conflicts.ts';
import { deadLetterChanges } from './dead-letter.ts';
import type { Deciding } from './deciding.ts';
import type { ReadDelivery } from './delivery.ts';
import { processorFor } from './families.ts';
import type { DeliveryOutcome } from './outcome.ts';

/** Deliveries of one family. */
export interface Arrivals extends Omit<Claiming, 'retention'> {
  readonly family: Family;
  readonly deliveries: readonly ReadDelivery[];
}

/** What a caller writes in the same transaction, once the outcomes are known. */
export type AlsoWrite = (outcomes: readonly DeliveryOutcome[], nowMs: number) => Partial<Changes>;

/**
 * Processes deliveries: claim → lock → decide → apply. Once the transaction commits, each event is applied at most once,
 * with its state, audit entry and messages; refused deliveries are dead letters, contradictions are conflicts. Once a
 * transaction: most of it is written with COMMIT, and a second call would decide by the state before the first.
 *
 * @returns the outcome of each delivery, in their order; a duplicate has the answer of the first delivery
 * @throws DecideFailedError with the error that a decision threw
 */
export async function transact(
  tx: Tx,
  { family, deliveries, ...times }: Arrivals,
  deciding: Deciding,
  alsoWrite: AlsoWrite = () => ({}),
): Promise<readonly DeliveryOutcome[]> {
  const { retention, process } = processorFor(family);
  const results = await claim(tx, deliveries, { ...times, retention });
  const claimed = claimedOf(deliveries, results);
  const { changes, outcomes: decided, moment } = await process(tx, claimed, deciding);
  const outcomes = outcomesOf(results, decided);
  const { nowMs } = moment;
  const all = joinChanges([
    changes,
    reclaimedChanges(claimed, changes),
    deadLetterChanges(deliveries, results, nowMs),
    { conflicts: conflictsOf(deliveries, results) },
    alsoWrite(outcomes, nowMs),
  ]);
  await apply(tx, all, deciding.outputs, nowMs);
  return outcomes;
}

function claimedOf(
  deliveries: readonly ReadDelivery[],
  results: readonly ClaimResult[],
): readonly ClaimedEvent[] {
  return deliveries.flatMap(({ delivery, origin }, index) => {
    const result = results[index];
    return result?.kind === 'claimed' ? [{ delivery, origin, event: result.event }] : [];
  });
}

/** Settles the claims of redriven deliveries, which are new or a dead letter's: no other step does. */
function reclaimedChanges(claimed: readonly ClaimedEvent[], { claims }: Changes): Partial<Changes> {
  const redriven = claimed.filter(({ origin }) => origin.kind === 'operator');
  if (redriven.length === 0) return {};
  const settled = new Set(claims.map(({ eventId }) => eventId));
  return {
    claims: redriven
      .filter(({ event }) => !settled.has(event.eventId))
      .map(({ event }) => ({ eventId: event.eventId, disposition: 'applied' })),
  };
}

function outcomesOf(
  results: readonly ClaimResult[],
  decided: readonly DeliveryOutcome[],
): readonly DeliveryOutcome[] {
  const outcomes: DeliveryOutcome[] = [];
  let next = 0;
  for (const result of results) {
    const own = result.kind === 'claimed' ? decided[next++] : outcomeOf(result, outcomes);
    if (own === undefined) throw new RangeError('an event has no outcome');
    outcomes.push(own);
  }
  return outcomes;
}

function outcomeOf(
  result: Exclude<ClaimResult, { readonly kind: 'claimed' }>,
  before: readonly DeliveryOutcome[],
): DeliveryOutcome {
  const none = { answer: undefined, failure: undefined, undeclared: 0, undecided: false };
  switch (result.kind) {
    case 'refused':
      return { ...none, disposition: 'dead_letter', failure: result.rejection };
    case 'duplicate':
      return { ...none, disposition: 'duplicate', answer: result.answer };
    case 'repeated':
      return { ...none, disposition: 'duplicate', answer: before[result.first]?.answer };
    case 'conflict':
      return { ...none, disposition: 'conflict' };
  }
}
